"""What pages show of reports."""
