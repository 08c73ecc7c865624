"""What does not agree between the log, the cycle, the legal documents, NetSuite and the bank, and what to do."""
