"""The exit status of a command: 0 when it has done what it was asked for."""

REFUSED = 1
MISTAKEN = 2
TAMPERED = 1
"""The log is not what was written."""
