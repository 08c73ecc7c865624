"""A flash sale: many buyers, few SKUs, two marketplaces that sell from one shelf."""
