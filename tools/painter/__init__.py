"""The demo's painter: drawn scenes that look like a hazard, and like its repair.

`python -m tools.painter` paints them anew into `config/demo/pictures`; the site only reads those.
"""
