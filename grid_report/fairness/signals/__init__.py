"""What looks odd: rules, each about one thing."""
