"""SQL functions `top_k...`: the best items of each user by dot product."""
