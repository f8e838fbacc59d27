"""Films, sounds and letters made beforehand by `python -m artwork`."""
