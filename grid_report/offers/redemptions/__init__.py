"""An offer taken, from the booking to what became of it."""
