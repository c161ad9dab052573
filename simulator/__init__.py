"""The simulated contact center, for the demo, the tests and the benchmarks.

`model` simulates a center from a seed and yields (instant, action) in time order; the same seed gives the same actions. Two drivers use
them: `story` sends them to the command bus, past or live, and `queue_log` writes the log of an Asterisk.
"""
