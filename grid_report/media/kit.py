"""Store and decoders together: what an app is wired with."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Self

from flask import Response

from grid_report.media.decoding.pool import Pool
from grid_report.media.photo_views import photo_response
from grid_report.media.store.stores import Store, open_store
from grid_report.media.uploads.photos import AdmittedPhoto, Readable, Upload, admit
from grid_report.settings import Settings


class Media:
    """Everything about photos an app needs. Lazy: costs nothing until the first photo."""

    def __init__(self, settings: Settings, pool: Pool | None = None) -> None:
        self.settings = settings
        self.store: Store = open_store(settings.photo_store_url)
        self.pool = pool or Pool(settings.photos)

    def beside(self, settings: Settings) -> Self:
        """Return the same decoders with another app's store."""
        return type(self)(settings, self.pool)

    def admit(self, uploads: Sequence[Upload | Readable]) -> list[AdmittedPhoto]:
        """Check, clean and store photos; all of them or none. Raises as `photos.admit`."""
        return admit(
            uploads,
            store=self.store,
            pool=self.pool,
            limits=self.settings.photos,
            zone=self.settings.county.tz,
        )

    def response(self, name: str, size: str, byte_count: int | None = None) -> Response:
        """Answer with a photo; the caller has asked who may see it. Raises NotFound, PhotoDamaged.

        `byte_count` is that of the row, where there is one; a share of the files is read whole.
        """
        thorough = random.random() < self.settings.photos.verify_share
        return photo_response(
            name, size, store=self.store, byte_count=byte_count, thorough=thorough
        )

    def ready(self) -> bool:
        """Tell whether photos can be written. Raises PhotoStoreUnavailable."""
        self.store.check()
        return True

    def close(self) -> None:
        """End the decoders."""
        self.pool.close()
