"""Databases filled by the million."""
