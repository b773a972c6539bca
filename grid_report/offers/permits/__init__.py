"""Permits: access cards and vehicle passes, asked for, decided on, paid at the owners' price, shown."""
