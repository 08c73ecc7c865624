"""The flow of stock: what NetSuite has reaches the marketplaces."""
