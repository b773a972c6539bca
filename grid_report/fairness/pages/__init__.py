"""What pages and calls show of the review."""
