"""What is earned, and what stops it."""
