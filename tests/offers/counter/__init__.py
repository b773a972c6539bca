"""At the station."""
