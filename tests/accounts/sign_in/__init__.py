"""How members are let in."""
