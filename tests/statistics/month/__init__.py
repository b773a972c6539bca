"""A month of an area."""
