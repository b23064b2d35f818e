"""SQL functions of intervals and significance."""
