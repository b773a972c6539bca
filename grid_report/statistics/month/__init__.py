"""A month of an area: read, shown at a glance, frozen, corrected."""
