"""The Mirakl twin: seller and operator credentials, orders with their states, refusals and call frequencies."""

from sandbox.mirakl.twin import MarketplaceAccess, MiraklAccess, MiraklTwin

__all__ = ["MarketplaceAccess", "MiraklAccess", "MiraklTwin"]
