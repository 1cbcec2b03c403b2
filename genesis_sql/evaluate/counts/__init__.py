"""What distributions, pairs, hops and rules are counted with: SQL over all rows."""
