"""From what was sent to photos that are durable: all of them, or none."""
