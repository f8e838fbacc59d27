"""HTTP, as far as both APIs of the fake share it."""
