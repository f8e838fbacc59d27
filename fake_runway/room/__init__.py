"""The media room that credentials give access to."""
