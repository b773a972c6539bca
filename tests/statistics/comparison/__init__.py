"""Months and areas beside one another."""
