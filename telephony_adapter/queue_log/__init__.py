"""Queue logs of every age and dialect: read, translated into observations."""
