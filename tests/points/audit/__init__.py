"""The audit and its job."""
