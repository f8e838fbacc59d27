"""How often callers may connect, and how many at once."""
