"""From a schema without data to a plain profile that fills it."""
