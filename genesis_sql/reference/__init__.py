"""Public figures in the database: loading, rolling up, drawing directories from counts."""
