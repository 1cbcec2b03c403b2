"""Stage 24: other engines than DuckDB that make rows of a model."""
