"""Functions that DuckDB calls from SQL: embeddings, dot-product top-K, bootstrap intervals. Never torch."""
