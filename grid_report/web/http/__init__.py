"""What every answer passes through: who asks, what is refused and how, headers, logs."""
