"""The same hazard reported by somebody else: found before sending, and joined with one's own photo."""
