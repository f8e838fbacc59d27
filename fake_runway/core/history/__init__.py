"""What is remembered of a world, and what can be read from it."""
