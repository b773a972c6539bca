"""Access cards and vehicle passes."""
