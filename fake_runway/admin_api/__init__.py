"""The admin API: its handler, and one file for each group of operations."""
