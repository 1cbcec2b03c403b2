"""Stage 8: what an effect does, one file per verb; the session hands each a workspace."""
