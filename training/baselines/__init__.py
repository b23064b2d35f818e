"""What the towers are compared with: ALS, EASE and ItemKNN, and their lists."""
