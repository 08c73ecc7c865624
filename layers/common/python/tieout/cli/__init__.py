"""The `tieout` command: what a person does with postings, orders and credentials."""
