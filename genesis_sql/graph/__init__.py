"""From a RawSchema to the schema graph: roles, keys, order."""
