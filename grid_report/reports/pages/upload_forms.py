"""Photos of a request: those that came in parts before it, and files that come with it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from flask import request
from werkzeug.datastructures import FileStorage

from grid_report.errors import Invalid
from grid_report.media.resumable import queries
from grid_report.media.resumable.claims import Claim
from grid_report.media.resumable.queries import UploadRow
from grid_report.media.uploads.photos import AdmittedPhoto
from grid_report.web.context import current_actor, wiring
from grid_report.web.text import clean

Photos = tuple[list[AdmittedPhoto], list[Claim]]


def refs_of(values: Any = None) -> list[str]:
    """Return the uploads a request names, in order, each once: of a form, or of a JSON list."""
    named = values if isinstance(values, list) else request.form.getlist("uploads")
    refs = [ref.strip() for one in named for ref in clean(one).split(",")]
    return list(dict.fromkeys(ref for ref in refs if ref))


def admit(
    refs: Sequence[str],
    files: Sequence[FileStorage],
    problems: Invalid,
    *,
    most: int,
    key: str | None,
) -> Photos:
    """Clean and store photos, the uploads first, then the files; return them with their claims.

    An upload that was used with this very key is the photo it became: whoever sends a request again
    is answered. Raises Invalid for an upload that is unknown, not whole or used, and the media errors.
    """
    if len(refs) + len(files) > most:
        problems.add("photos", "too-many-photos", limit=most)
        return [], []
    found = queries.find_uploads(refs, member_id=current_actor().member_id) if refs else {}
    _check(refs, found, _plain(key), problems)
    uploads = [found[ref] for ref in refs]
    fresh = [it for it in uploads if not it.is_used]
    sent = [*queries.streams_of(fresh), *files]
    admitted = wiring().media.admit(sent) if sent else []
    of_fresh = dict(zip([it.ref for it in fresh], admitted, strict=False))
    photos = [of_fresh.get(it.ref) or _as_it_was(it) for it in uploads]
    claims = [Claim(it.ref, photo.name) for it, photo in zip(uploads, photos, strict=True)]
    return [*photos, *admitted[len(fresh) :]], claims


def _check(
    refs: Sequence[str], found: dict[str, UploadRow], key: str | None, problems: Invalid
) -> None:
    for number, ref in enumerate(refs, start=1):
        it = found.get(ref)
        if it is None:
            problems.add("uploads", "upload-unknown", number=number)
        elif not it.is_whole:
            problems.add("uploads", "upload-unfinished", number=number)
        elif it.is_used and (key is None or it.used_key != key):
            problems.add("uploads", "upload-used", number=number)
    if "uploads" in problems.problems:
        raise problems


def _plain(key: str | None) -> str | None:
    try:
        return str(uuid.UUID((key or "").strip()))
    except ValueError:
        return None


def _as_it_was(it: UploadRow) -> AdmittedPhoto:
    # Only what the request is known again by: nothing is written from it, the key is taken.
    return AdmittedPhoto(it.photo_name or "", 1, 1, 1, "")
