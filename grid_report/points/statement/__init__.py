"""A rider's view: the balance, each line with its reason, each month on a sheet."""
