"""What a column means, and what fills a column of that meaning."""
