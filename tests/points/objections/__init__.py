"""Objections: raised by a rider, answered once."""
