"""What there is to have."""
