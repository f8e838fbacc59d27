"""Worlds: names, contents, and the registry that finds, makes and drops them."""
