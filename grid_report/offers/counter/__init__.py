"""Where a station scans: a code looked at, confirmed once, written down and uploaded."""
