"""Goods that leave: confirmed to the marketplace, fulfilled for other sellers, and billed."""
