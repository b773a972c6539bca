"""Kinds of hazards as riders look for them: which come first, and what words point to which."""
