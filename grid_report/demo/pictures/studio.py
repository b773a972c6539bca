"""Develops the demo's photos ahead of the story and has them admitted like anybody's."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self

from grid_report.demo.pictures.darkroom import develop_all
from grid_report.demo.pictures.shots import Shot, Spot
from grid_report.media.kit import Media
from grid_report.media.uploads.photos import AdmittedPhoto


class Studio:
    """Keeps a few spots ahead of the story; each is developed and admitted once.

    All photos of one spot are made one after the other: most are cut from one stored picture.
    """

    AHEAD = 16

    def __init__(self, media: Media, shots: Iterable[Shot], size: tuple[int, int]) -> None:
        self._media = media
        self._size = size
        self._shots: dict[Spot, list[Shot]] = {}
        for shot in dict.fromkeys(shots):
            self._shots.setdefault(shot.spot, []).append(shot)
        self._waiting = iter(list(self._shots))
        self._ordered: dict[Spot, Future[dict[Shot, AdmittedPhoto]]] = {}
        self._developed: set[Spot] = set()
        # Pixels are worked on without Python's lock. While one spot is admitted the next is made.
        self._runners = ThreadPoolExecutor(2, "studio")
        for _ in range(self.AHEAD):
            self._order_next()

    def _order_next(self) -> None:
        spot = next(self._waiting, None)
        if spot is not None:
            self._order(spot)

    def _order(self, spot: Spot) -> Future[dict[Shot, AdmittedPhoto]]:
        if spot not in self._ordered:
            self._ordered[spot] = self._runners.submit(self._make, self._shots[spot])
        return self._ordered[spot]

    def _make(self, shots: Sequence[Shot]) -> dict[Shot, AdmittedPhoto]:
        photos = develop_all(shots, self._size)
        admitted = self._media.admit([io.BytesIO(photo) for photo in photos])
        return dict(zip(shots, admitted, strict=True))

    def develop(self, shot: Shot) -> AdmittedPhoto:
        """Return the photo of a shot, waiting for it when it is not ready yet."""
        photos = self._order(shot.spot).result()
        if shot.spot not in self._developed:
            self._developed.add(shot.spot)
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
