"""The kept counts, and a recount of them."""
