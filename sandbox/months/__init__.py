"""Months with known truth: a seed and settings give an export folder in the vendors' shapes, and its faults."""
