"""Boundaries from a file: read, checked, compared, repaired, drawn."""
