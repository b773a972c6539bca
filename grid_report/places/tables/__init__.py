"""Reference data from CSV files."""
