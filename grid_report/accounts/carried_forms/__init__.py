"""Words typed into a form that was refused for want of a sign-in: kept, and given back."""
