"""How an operator asks: the command line, beside a running server or alone."""
