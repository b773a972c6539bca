"""What a rider reads of points."""
