"""What members agreed to and took back: acts that are only ever added to."""
