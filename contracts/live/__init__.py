"""A run as it goes on: a page that fills, and runs again when the target's files change.

`messages.py` says what the page is told (pure), `server.py` serves it on loopback, `changes.py`
tells what changed, `again.py` waits for a reason to run again, `command.py` puts them together.
Nothing here judges.
"""
