"""Who is told of which area's month, and on which day."""
