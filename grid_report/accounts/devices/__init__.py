"""The browsers a member signed in on, and how one is known later."""
