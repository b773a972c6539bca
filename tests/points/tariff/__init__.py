"""The tariff's versions."""
