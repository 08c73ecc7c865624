"""What is taken back, on either side: cancelations, refunds and returns."""
