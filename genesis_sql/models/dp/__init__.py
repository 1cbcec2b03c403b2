"""Models with a guarantee: noisy marginals under zero-concentrated differential privacy."""
