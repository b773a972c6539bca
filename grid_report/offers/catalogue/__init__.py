"""What there is: offers with their times and photos, stations and their providers."""
