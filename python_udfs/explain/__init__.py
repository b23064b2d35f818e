"""SQL functions that say what a history adds to embeddings and scores."""
