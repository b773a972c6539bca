"""A WeChat on this machine: for trying the channel without an account, and for its tests."""
