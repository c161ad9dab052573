"""Benchmarks. Each figure has a raw reference beside it from the same run: the same work without Atende."""
