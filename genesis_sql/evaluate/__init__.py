"""Stage 9: how good synthetic tables are, as rows: each number beside what real rows score."""
