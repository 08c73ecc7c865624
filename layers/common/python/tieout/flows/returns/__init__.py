"""Cancelations, refunds and returns, both ways: what is taken back on one side is taken back on the other, once."""
