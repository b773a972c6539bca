"""Lists of cases and the counts beside them, for communities, streets and units."""
