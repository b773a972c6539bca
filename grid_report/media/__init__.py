"""Photos: decoded in a child process, cleaned to pixels, named by content, stored durably."""
