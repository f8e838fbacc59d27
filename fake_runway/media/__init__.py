"""The files that tasks answer with: how they are made, and where they are."""
