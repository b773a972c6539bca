"""What of the frozen months anybody may have."""
