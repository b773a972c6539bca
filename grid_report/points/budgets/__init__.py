"""Budgets of communities by month, and what expires of what riders hold."""
