"""Photos that come in parts and go on where they were cut off: the tus protocol, and what claims them."""
