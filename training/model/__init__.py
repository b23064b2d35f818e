"""The two towers as networks, which know no data and fit nothing."""
