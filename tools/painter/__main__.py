"""A painter process: a line of JSON in, a picture out, until nobody asks any more."""

from __future__ import annotations

import json
import sys

from tools.painter import any_picture


def main() -> None:
    """Answer each request with the picture's length (4 bytes) and the picture."""
    for line in sys.stdin.buffer:
        wanted = json.loads(line)
        picture = any_picture(wanted.pop("category"), size=tuple(wanted.pop("size")), **wanted)
        sys.stdout.buffer.write(len(picture).to_bytes(4, "big") + picture)
        sys.stdout.buffer.flush()


main()
