"""What training reads: arrays from the input tables, and examples of users, what they had and what came next."""
