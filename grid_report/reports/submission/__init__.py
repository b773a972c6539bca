"""A report on its way in: read, placed, kept until its rider is proved, taken in."""
