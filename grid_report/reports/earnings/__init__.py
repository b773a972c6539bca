"""What a step earns its riders, and what the points ask of reports."""
