"""Months, years and areas beside one another, on a page and on a map."""
