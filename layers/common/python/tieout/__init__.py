"""Tieout: Mirakl marketplaces and NetSuite, agreeing to the cent."""

__version__ = "0.1.0"
