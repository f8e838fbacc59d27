"""The avatars' pictures and voices: `python -m artwork` writes `room/media/loops/*.bin`."""
