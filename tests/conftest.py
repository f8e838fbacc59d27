"""What holds for every test."""

from hypothesis import settings

# a deadline per example would assert on the wall clock, and fail on a busy machine
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
