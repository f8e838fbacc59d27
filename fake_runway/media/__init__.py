"""The files that tasks answer with, where they are, and what can be read of those sent in."""
