"""A camera that shows a picture: the film a browser's fake device plays."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

WIDTH, HEIGHT, FRAMES = 640, 480, 6


def film(picture: bytes, path: Path) -> None:
    """Write a film of one picture held into the middle of the camera, as raw YUV frames."""
    seen = Image.new("RGB", (WIDTH, HEIGHT), (206, 200, 190))
    with Image.open(io.BytesIO(picture)) as shown:
        code = shown.convert("RGB")
        code.thumbnail((HEIGHT - 80, HEIGHT - 80))
        seen.paste(code, ((WIDTH - code.width) // 2, (HEIGHT - code.height) // 2))
    y, cb, cr = seen.convert("YCbCr").split()
    half = (WIDTH // 2, HEIGHT // 2)
    frame = b"FRAME\n" + y.tobytes() + cb.resize(half).tobytes() + cr.resize(half).tobytes()
    head = f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F10:1 Ip A1:1 C420jpeg\n".encode()
    path.write_bytes(head + frame * FRAMES)
