"""What the ledger refuses, guard by guard, and random histories beside a model of it."""
