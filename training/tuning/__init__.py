"""Searches of settings on the validation window."""
