"""The ranker, which orders candidates."""
