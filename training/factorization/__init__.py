"""Vectors in closed form or by alternation, from who had what: factors and linear models."""
