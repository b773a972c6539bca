"""A provider's month."""
