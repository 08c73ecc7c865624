"""The flow of money: billing cycles are read, proven, reviewed and booked."""
