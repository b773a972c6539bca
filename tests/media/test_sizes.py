"""How large photos are kept: by the settings, through the real decoders."""

from __future__ import annotations

import io

from grid_report.media.decoding.pool import Pool
from grid_report.media.store.local import LocalStore
from grid_report.media.uploads.photos import admit
from grid_report.settings import Photos
from tests.media.conftest import ZONE
from tests.support import pictures


def test_decoders_keep_photos_at_the_side_of_the_settings(
    store: LocalStore, limits: Photos
) -> None:
    small = limits.model_copy(update={"processes": 1, "side": 800})
    sent = pictures.encoded(pictures.scene((1600, 1200)), "JPEG")
    made = Pool(small)
    try:
        (photo,) = admit([io.BytesIO(sent)], store=store, pool=made, limits=small, zone=ZONE)
    finally:
        made.close()
    assert (photo.width, photo.height) == (800, 600)
