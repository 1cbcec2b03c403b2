"""Stage 9: attacks on synthetic tables, each beside its baseline, and what follows from them."""
