"""What people do with a case: steps, rounds, deadlines, and who hears of it."""
