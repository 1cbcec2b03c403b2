"""Cohorts: schemas of tables under a name, to be copied, merged, summarised and given away."""
