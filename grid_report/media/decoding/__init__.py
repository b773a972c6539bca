"""What a phone sent becomes clean pixels, in a child process that may die of it."""
