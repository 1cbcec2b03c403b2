"""Stage 9: the page that shows what was measured."""
