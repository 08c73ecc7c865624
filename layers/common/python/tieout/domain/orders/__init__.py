"""Orders: what a marketplace order is, when it may be accepted, and how it becomes a sales order."""
