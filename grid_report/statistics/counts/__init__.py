"""The kept counts: what one case adds, added in its transaction, and counted anew."""
