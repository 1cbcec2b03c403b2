"""Profiles: models that a person writes down instead of fitting them."""
