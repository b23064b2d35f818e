"""SQL functions `top_k` and `top_k_approximate`: the best items of each user by dot product."""
