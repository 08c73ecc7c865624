"""Tests of what the command leaves behind on a good day."""
