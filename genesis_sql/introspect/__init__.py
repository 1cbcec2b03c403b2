"""Stage 1: database to RawSchema."""
