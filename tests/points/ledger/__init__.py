"""How points move: awards, holds, reversals, debts, and races for the last of them."""
