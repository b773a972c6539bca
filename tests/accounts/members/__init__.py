"""What administrators do to members."""
