"""What calls of the API take and answer, by shape."""
