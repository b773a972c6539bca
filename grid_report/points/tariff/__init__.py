"""The tariff's versions: drafted by one person, tried on past months, published by another."""
