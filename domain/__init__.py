"""The domain: the aggregates of a contact center, their events and rules. Pure: no clock, no random ids, no I/O."""
