"""An offer taken, and what became of it."""
