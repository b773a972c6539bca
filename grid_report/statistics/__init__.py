"""Monthly statistics: what was found, whether it was done in time, what was given in return."""
