"""Stored resources: what a client creates, lists, changes and deletes, and what they all share."""
