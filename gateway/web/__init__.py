"""The connect flow over HTTP."""
