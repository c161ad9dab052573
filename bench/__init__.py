"""Figures of speed, each beside its raw reference in the same run: what the machine itself can do of the same thing."""
