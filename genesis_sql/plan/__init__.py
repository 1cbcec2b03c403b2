"""Stage 5: the relational plan as data, and the sampler that reads it."""
