"""Mirakl Marketplace Platform (MMP): client, wire models and their translation into the domain."""
