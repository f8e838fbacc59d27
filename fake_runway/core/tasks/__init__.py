"""Tasks as values, and their rules."""
