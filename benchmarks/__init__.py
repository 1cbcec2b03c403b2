"""Benchmarks: our numbers, what they must be, and the peers, in one run: `python -m benchmarks`."""
