"""What a step earns."""
