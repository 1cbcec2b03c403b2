"""Synthetic rows on their way out: files, and the databases behind SQLAlchemy URLs."""
