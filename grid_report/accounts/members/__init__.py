"""What administrators and the operator do to members, and what is on record of it."""
