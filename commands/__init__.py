"""What may be asked: a frozen command and its handler, one door for everybody."""
