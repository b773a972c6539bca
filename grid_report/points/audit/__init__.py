"""The audit: everything stored is recomputed from the transfers, every night."""
