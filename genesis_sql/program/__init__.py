"""The sampling program as data, the counter draw, the kernel and the SQL form."""
