"""Clients of the fake's own room: how they come in, and the connection with each."""
