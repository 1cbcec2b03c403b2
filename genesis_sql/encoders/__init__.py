"""One file per encoding: fit, encode, decode."""
