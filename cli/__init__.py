"""The command line of an operator, beside a running server or alone."""
