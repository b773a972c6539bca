"""One's own account: signing up, name and language, the password, how it ends."""
