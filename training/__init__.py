"""Fitting the two towers and the baselines. The only part of the project that needs torch."""
