"""Builders and helpers of the tests."""
