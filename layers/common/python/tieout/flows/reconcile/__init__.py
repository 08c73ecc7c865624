"""Comparing what Mirakl, its documents and NetSuite say, and the work on what differs."""
