"""Goods that leave: NetSuite's fulfilments, Mirakl's shipments, and what is billed for them."""
