"""A stateful fake of the Runway realtime API: costs nothing, works offline, fails on command."""

__version__ = "0.1.0"
