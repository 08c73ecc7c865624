"""Which NetSuite item each offer is, what it should cost, and what is wrong between the two."""
