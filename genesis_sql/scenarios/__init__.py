"""Weighted workflow paths, planned before any value is drawn."""
