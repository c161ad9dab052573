"""Asterisk is driven: what Atende's events ask for is done at the PBX, after they are saved.

A command only decides and saves an event ("log in", "dial this number"). The process that leads the Asterisk follows the log, performs what the
event asks for, and reports the outcome by commands again. So a replay of the log or a rebuild of the projections repeats no effect, and what an
agent did while the PBX was away is not lost.

To add an effect, add a module with a subclass of `effects.Effect` here; nothing else registers it.
"""
