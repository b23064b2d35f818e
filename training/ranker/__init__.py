"""The second stage, which orders candidates."""
