"""The media room that credentials lead to."""
