"""Draws the demo's pictures in other processes and has them admitted like anybody's photo."""

from __future__ import annotations

import io
import json
import os
import queue
import subprocess
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from grid_report.demo.takes import seed_of
from grid_report.media.kit import Media
from grid_report.media.uploads.photos import AdmittedPhoto

_PACKAGE = Path(__file__).resolve().parent.parent
# As for the photo decoders: a painter has no use for the web framework the package imports.
_BOOT = (
    "import sys, types; p = types.ModuleType('grid_report'); p.__path__ = [sys.argv.pop(1)];"
    " sys.modules['grid_report'] = p; import runpy; runpy.run_module('grid_report.demo.pictures')"
)


Scene = tuple[str, int]


class Shot(NamedTuple):
    """One picture: of which scene, before or after, from where."""

    category: str
    variant: int
    after: bool = False
    angle: int = 0

    @property
    def scene(self) -> Scene:
        """Which pictures show the same spot."""
        return self.category, self.variant


class PainterDied(RuntimeError):
    """A drawing process ended; its last words are on stderr."""


class _Painter:
    """One drawing process: drawing is arithmetic that would hold up the story it is for."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _BOOT, str(_PACKAGE)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def draw(self, shot: Shot, size: tuple[int, int]) -> bytes:
        """Return a JPEG. Raises PainterDied."""
        wanted = {
            "category": shot.category, "seed": seed_of(shot.category, shot.variant), "after": shot.after,
            "angle": shot.angle, "size": size,
        }  # fmt: skip
        ask, answer = self._process.stdin, self._process.stdout
        assert ask is not None
        assert answer is not None
        try:
            ask.write(json.dumps(wanted).encode() + b"\n")
            ask.flush()
        except OSError as error:
            raise PainterDied(shot.category) from error
        length = int.from_bytes(answer.read(4), "big")
        picture = answer.read(length)
        if not length or len(picture) < length:
            raise PainterDied(shot.category)
        return picture

    def close(self) -> None:
        """End the process, in the middle of a picture if need be."""
        self._process.kill()
        self._process.communicate()


class Studio:
    """Keeps a few scenes ahead of the story; each is drawn and admitted once.

    All pictures of one scene are drawn one after the other by one painter, which keeps the
    backdrop they share.
    """

    AHEAD = 8

    def __init__(self, media: Media, shots: Iterable[Shot], size: tuple[int, int]) -> None:
        self._media = media
        self._size = size
        self._shots: dict[Scene, list[Shot]] = {}
        for shot in dict.fromkeys(shots):
            self._shots.setdefault(shot.scene, []).append(shot)
        self._waiting = iter(list(self._shots))
        self._ordered: dict[Scene, Future[dict[Shot, AdmittedPhoto]]] = {}
        self._developed: set[Scene] = set()
        self._painters = [_Painter() for _ in range(max(1, min(4, os.cpu_count() or 1)))]
        self._idle: queue.SimpleQueue[_Painter] = queue.SimpleQueue()
        for painter in self._painters:
            self._idle.put(painter)
        # One more than painters: while one scene is being admitted the next is being drawn.
        self._runners = ThreadPoolExecutor(len(self._painters) + 1, "studio")
        for _ in range(self.AHEAD):
            self._order_next()

    def _order_next(self) -> None:
        scene = next(self._waiting, None)
        if scene is not None:
            self._order(scene)

    def _order(self, scene: Scene) -> Future[dict[Shot, AdmittedPhoto]]:
        if scene not in self._ordered:
            # Before and after from one place first: the backdrop is kept between them.
            shots = sorted(self._shots[scene], key=lambda shot: (shot.angle, shot.after))
            self._ordered[scene] = self._runners.submit(self._make, shots)
        return self._ordered[scene]

    def _make(self, shots: Sequence[Shot]) -> dict[Shot, AdmittedPhoto]:
        painter = self._idle.get()
        try:
            pictures = [painter.draw(shot, self._size) for shot in shots]
        finally:
            self._idle.put(painter)
        admitted = self._media.admit([io.BytesIO(picture) for picture in pictures])
        return dict(zip(shots, admitted, strict=True))

    def develop(self, shot: Shot) -> AdmittedPhoto:
        """Return the photo of a shot, waiting for it when it is not ready yet."""
        photos = self._order(shot.scene).result()
        if shot.scene not in self._developed:
            self._developed.add(shot.scene)
            self._order_next()
        return photos[shot]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._runners.shutdown(wait=True, cancel_futures=True)
        for painter in self._painters:
            painter.close()
