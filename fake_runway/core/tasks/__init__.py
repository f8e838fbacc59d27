"""Tasks as values and their rules; what models there are, what they make, and what that costs."""
