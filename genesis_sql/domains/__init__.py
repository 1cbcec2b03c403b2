"""What fields of work know: each turns its own words into a plain profile."""
