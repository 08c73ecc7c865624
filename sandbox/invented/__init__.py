"""A made-up gift shop: its catalogue, its buyers, and what they order. Nothing in it is anybody's."""
