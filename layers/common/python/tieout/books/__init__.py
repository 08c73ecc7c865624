"""Whole months on one machine: export folders read with care, matched by DuckDB, closed as a pack."""
