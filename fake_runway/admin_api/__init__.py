"""The admin API: its handler, and a file for each group of operations."""
