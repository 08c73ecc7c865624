"""Tests of one deployed stack, its day and its evening."""
