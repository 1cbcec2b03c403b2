"""Table macros, as SQL files."""
