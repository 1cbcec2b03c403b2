"""Numbered SQL migrations of the schema genesis; never edited after a release."""
