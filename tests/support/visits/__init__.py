"""Every screen of the site, and how a browser looks at it."""
