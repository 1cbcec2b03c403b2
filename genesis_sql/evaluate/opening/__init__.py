"""Two or three sets of tables laid side by side: schemas, queries, files."""
