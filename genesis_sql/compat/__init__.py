"""The Python names that the documents of earlier systems use, thin over SQL."""
