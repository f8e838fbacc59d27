"""What a fault does to an answer, a file for each family of effects."""
