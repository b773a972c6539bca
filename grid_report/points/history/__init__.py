"""The history of a rider's points: the balance, each line with its reason, each month on a sheet."""
