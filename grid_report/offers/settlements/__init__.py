"""A provider's month: drawn, confirmed by both sides, cleared once."""
