"""The avatars' pictures and voices: `python -m artwork` writes `fake_runway/room/media/loops/*.bin`."""
