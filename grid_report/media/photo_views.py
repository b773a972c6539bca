"""Handing out a photo. Whether this member may see it is decided by the caller, before."""

from __future__ import annotations

import logging
import os

from flask import Response, request
from werkzeug.wsgi import wrap_file

from grid_report.media.errors import PhotoDamaged
from grid_report.media.store.stores import CONTENT_TYPE, Store, checked, checked_size
from grid_report.media.store.verification import is_whole

logger = logging.getLogger(__name__)

YEAR_SECONDS = 365 * 24 * 3600


def photo_response(
    name: str, size: str, *, store: Store, byte_count: int | None = None, thorough: bool = False
) -> Response:
    """Answer with a photo, or 304 when the browser has it.

    A name is the hash of the content, so an answer never grows old; it stays private all the
    same, because the next person at a shared proxy may not see it. `byte_count` is what the main
    picture must have, `thorough` has the whole file looked at before it is sent.
    Raises NotFound, PhotoDamaged, PhotoStoreUnavailable.
    """
    wanted = checked_size(size)
    tag = f"{checked(name)}-{wanted.value}"
    if request.if_none_match.contains(tag):
        response = Response(status=304)
        response.set_etag(tag)
    else:
        file = store.open(name, wanted)
        if not is_whole(file, name, wanted, byte_count=byte_count, thorough=thorough):
            length = file.seek(0, os.SEEK_END)
            file.close()
            logger.error(
                "photo damaged",
                extra={"photo": name, "size": wanted.value, "bytes": length, "wants": byte_count},
            )
            raise PhotoDamaged
        length = file.seek(0, os.SEEK_END)
        file.seek(0)
        response = Response(
            wrap_file(request.environ, file), mimetype=CONTENT_TYPE, direct_passthrough=True
        )
        response.content_length = length
        response.set_etag(tag)
        response.make_conditional(request, accept_ranges=True, complete_length=length)
        # Ours from first to last: the name a rider's phone gave the file is nowhere kept.
        download = f'inline; filename="{name[:12]}-{wanted.value}.jpg"'
        response.headers["Content-Disposition"] = download
    response.cache_control.private = True
    response.cache_control.max_age = YEAR_SECONDS
    response.cache_control.immutable = True
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
