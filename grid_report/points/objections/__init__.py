"""Objections of riders to points decisions, from the first word to the answer."""
