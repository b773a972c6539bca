"""Questions and lists."""
