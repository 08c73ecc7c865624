"""A marketplace's offers: what is for sale, how many of it, and the files that change them."""
