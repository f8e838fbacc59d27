"""The connect flow: create, poll, consume, hand out or cancel."""
