"""Benchmarks: our numbers, what they must be, and the peers, measured in one run. See `python -m benchmarks`."""
