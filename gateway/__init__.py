"""The connect flow: an avatar id in, session credentials out. Ships alone."""

__version__ = "0.1.0"
