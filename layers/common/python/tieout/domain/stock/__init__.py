"""How much of NetSuite's stock each marketplace shows, and why never more."""
