"""Questions of the figures, asked by people and saved under a link."""
