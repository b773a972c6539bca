"""What the rooms' calls of the JSON API share: how one is declared, read and answered."""
