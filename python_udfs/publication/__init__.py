"""The published set: a DuckDB file of its own, written whole and put in place by one rename."""
