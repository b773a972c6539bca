"""What a report, a lesson or a merit earns, and what waits to be paid."""
