"""Positions, areas, and which community answers for a spot. Pure."""
