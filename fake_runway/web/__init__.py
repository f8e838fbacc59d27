"""The HTTP side of the fake: thin adapters around the core."""
