"""A first look at one table."""
