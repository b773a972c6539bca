"""Ways to reach people outside the program: which are switched on, and each message's way on each."""
