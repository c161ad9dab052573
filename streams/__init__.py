"""How events travel: what reacts to them with commands of its own."""
