"""Four eyes: what one person proposes another one decides."""
