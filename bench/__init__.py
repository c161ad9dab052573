"""Benchmarks. Each figure stands beside a raw reference from the same run: the same work without Atende."""
