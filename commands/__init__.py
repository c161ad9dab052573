"""What may be asked: a frozen command and its handler, one command bus for everybody."""
