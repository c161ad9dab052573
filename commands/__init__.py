"""Commands: frozen commands with their handlers, and the command bus that executes them."""
