"""Whose the photo store is, whether it is whole, and clearing away what nobody knows."""
