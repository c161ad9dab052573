"""What holds for every test."""

from hypothesis import settings

# Nothing is timed: a busy machine is no failure.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
