"""How members are let in, strangers slowed down, and sign-ins ended."""
