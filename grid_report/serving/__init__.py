"""Web process and scheduler: started, watched, fed and stopped together."""
