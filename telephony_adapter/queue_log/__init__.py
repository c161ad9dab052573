"""Queue logs of every age and dialect: reading, translation into observations."""
