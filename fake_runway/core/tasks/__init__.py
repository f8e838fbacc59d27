"""Tasks: what models there are, what they make, and what that costs."""
