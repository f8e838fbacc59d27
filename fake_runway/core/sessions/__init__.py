"""Realtime sessions as values, and their rules."""
