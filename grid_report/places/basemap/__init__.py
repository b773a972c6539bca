"""The ground under the built-in map: streets from a file an operator loads, or a provider's tiles."""
