"""Whose a phone number is: claimed, proved by a code or a person, taken over, given up."""
