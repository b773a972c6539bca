"""What becomes of reports when their rider leaves: open ones end, the case stays without the person."""
