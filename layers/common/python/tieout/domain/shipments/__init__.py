"""Goods that leave: NetSuite's fulfilments on one side, Mirakl's shipments on the other, and what is billed for them."""
