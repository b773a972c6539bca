"""Budgets, expiry, months that close."""
