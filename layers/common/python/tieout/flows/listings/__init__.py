"""The flow of listings: every offer comes from an approved item, and stays what it should be."""
