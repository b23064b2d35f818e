"""The report: one HTML file about the recommender, made from the tables of the warehouse alone. Imports no torch."""
