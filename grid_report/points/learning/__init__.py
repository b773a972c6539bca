"""The handbook and its quiz, and the points for both."""
