"""Tests of members, sign-in and roles."""
