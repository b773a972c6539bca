"""Mutation testing: small faults put into the code, one at a time, that the tests must notice."""
