"""Orders: collected from the marketplace, accepted, posted to NetSuite once, and confirmed back."""
