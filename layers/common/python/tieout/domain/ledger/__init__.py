"""How a marketplace's transaction log becomes balanced NetSuite records (docs/finance/settlement.md)."""
