"""What the built-in map asks for when it is opened, and the file of streets, byte by byte."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from flask import Blueprint, Response, current_app, request, stream_with_context, url_for

from grid_report.places import queries as places_queries
from grid_report.places.basemap import queries
from grid_report.places.basemap.byte_ranges import asked_for
from grid_report.places.basemap.queries import Streets
from grid_report.settings import Map
from grid_report.web.context import settings
from grid_report.web.pages.words import sentence

bp = Blueprint("basemap", __name__)

YEAR_SECONDS = 365 * 24 * 3600
WORDS = ("map", "in", "out", "me", "near")


@bp.get("/map/ground.json")
def ground() -> Response:
    """Say what lies under the map, what stands on it, and the words of its buttons."""
    reference = places_queries.reference()
    spots = [
        *(["compound", it.name, it.point.lat, it.point.lng] for it in reference.compounds.values()),
        *(["landmark", it.name, it.point.lat, it.point.lng] for it in reference.router.spots),
    ]
    said = {
        "ground": _ground(),
        "spots": spots,
        "words": {name: sentence("places/map", f"map-{name}") for name in WORDS},
    }
    text = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
    response = current_app.response_class(text, mimetype="application/json")
    response.set_etag(hashlib.sha256(text.encode()).hexdigest()[:32])
    response.headers["Cache-Control"] = "private, no-cache"
    response.make_conditional(request)
    return response


def _ground() -> dict[str, Any] | None:
    """Return a provider's tiles where the settings name them, else the loaded file, else nothing."""
    tiles = settings().map
    if tiles.tiles:
        return _tiles(tiles)
    streets = queries.find_streets()
    return _file(streets) if streets else None


def _tiles(tiles: Map) -> dict[str, Any]:
    return {
        "kind": "tiles",
        "tiles": tiles.tiles,
        "subdomains": tiles.subdomains,
        "datum": tiles.datum,
        "min_zoom": tiles.min_zoom,
        "max_zoom": tiles.max_zoom,
        "credit": _credit(tiles.attribution, tiles.approval),
    }


def _file(streets: Streets) -> dict[str, Any]:
    return {
        "kind": "file",
        "address": url_for("basemap.streets", digest=streets.digest),
        "datum": "wgs84",
        "min_zoom": streets.min_zoom,
        "max_zoom": streets.max_zoom,
        "credit": _credit(streets.attribution, streets.approval),
    }


def _credit(attribution: str, approval: str) -> str:
    return sentence("places/map", "map-credit", attribution=attribution, approval=approval)


@bp.get("/map/streets/<digest>.pmtiles")
def streets(digest: str) -> Response:
    """Hand out the file of streets, or the bytes of it that are asked for. Raises NotFound."""
    found = queries.streets_of(digest)
    span = asked_for(
        request.headers.get("Range") if _may_be_a_part(digest) else None, found.byte_count
    )
    if span is None:
        return Response(status=416, headers={"Content-Range": f"bytes */{found.byte_count}"})
    if digest in request.if_none_match:
        response = Response(status=304)
    else:
        response = Response(
            stream_with_context(queries.bytes_of(found.id, span)),
            status=200 if span.is_whole else 206,
            mimetype="application/octet-stream",
        )
        response.content_length = span.length
        if not span.is_whole:
            part = f"bytes {span.first}-{span.last}/{found.byte_count}"
            response.headers["Content-Range"] = part
    response.headers["Accept-Ranges"] = "bytes"
    # The address ends in the digest of the content: what is kept under it never grows old.
    response.set_etag(digest)
    response.cache_control.private = True
    response.cache_control.max_age = YEAR_SECONDS
    response.cache_control.immutable = True
    return response


def _may_be_a_part(digest: str) -> bool:
    """Tell whether a part would belong to what the phone has already: else it gets the whole."""
    seen = request.if_range
    return (seen.etag is None and seen.date is None) or seen.etag == digest
