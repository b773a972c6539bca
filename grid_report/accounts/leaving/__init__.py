"""How a member takes everything along, and how one leaves: exports, and accounts erased."""
