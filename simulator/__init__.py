"""The simulated contact center: what a real one would have told, for the demo, the tests and the benchmarks.

`model` plays a seeded center as (instant, action) in time order, the same for the same seed. What is done with the
actions is up to its drivers: `history` and `live` speak commands, like everybody; `queue_log` writes an Asterisk's log.
"""
