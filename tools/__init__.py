"""Set-up of a checkout: everything between `git clone` and a running site."""
