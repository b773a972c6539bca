"""Calls of the API for photos that come in parts: the tus protocol, version 1.0.0."""

from __future__ import annotations

from typing import Any

from flask import Response, after_this_request, current_app, request, url_for
from werkzeug.exceptions import ClientDisconnected, UnsupportedMediaType

from grid_report import access, clock
from grid_report.db import db
from grid_report.errors import Invalid
from grid_report.media.resumable import protocol, queries, usecases
from grid_report.media.resumable.errors import (
    MoreThanSaid,
    PieceTooLarge,
    WrongChecksum,
    WrongOffset,
    WrongVersion,
)
from grid_report.media.resumable.permissions import UPLOAD_BEGIN, UPLOAD_CONTINUE
from grid_report.web.api.operations import bp, operation
from grid_report.web.context import current_actor, settings

_MEGABYTE = 1024 * 1024
_HEADERS: dict[str, Any] = {
    "Tus-Resumable": {"required": True, "schema": {"const": protocol.VERSION}},
}
_CREATION: dict[str, Any] = {
    **_HEADERS,
    "Upload-Length": {"required": True, "schema": {"type": "integer", "minimum": 1}},
    "Upload-Metadata": {
        "required": True,
        "schema": {"type": "string", "maxLength": protocol.MOST_METADATA},
        "description": "`kind` (photo), `key` (a UUID of the sender's own) and `filename`, in Base64",
    },
}
_PIECE: dict[str, Any] = {
    **_HEADERS,
    "Upload-Offset": {"required": True, "schema": {"type": "integer", "minimum": 0}},
    "Upload-Checksum": {
        "required": False,
        "schema": {"type": "string"},
        "description": "sha1 or sha256 and the digest in Base64; the body is one piece then",
    },
}


def _speak() -> None:
    """Have whatever is answered from here on say which protocol it is in, refusals too."""

    @after_this_request
    def say(response: Response) -> Response:
        response.headers["Tus-Resumable"] = protocol.VERSION
        if response.status_code == 412:
            response.headers["Tus-Version"] = protocol.VERSION
        elif response.status_code == 413:
            response.headers["Tus-Max-Size"] = str(_most_bytes())
        elif response.status_code == 460:
            response.status = "460 Checksum Mismatch"
        return response


def _most_bytes() -> int:
    return settings().photos.max_file_mb * _MEGABYTE


def _check_version() -> None:
    if request.headers.get("Tus-Resumable") != protocol.VERSION:
        raise WrongVersion


def _own(upload_id: str) -> queries.UploadRow:
    """Return the caller's upload, the protocol's version checked. Raises NotFound, WrongVersion."""
    access.check(current_actor(), UPLOAD_BEGIN)
    upload = queries.find_upload(upload_id)
    access.check(current_actor(), UPLOAD_CONTINUE, upload)
    _check_version()
    return upload


@bp.route("/uploads", methods=["POST", "OPTIONS"], provide_automatic_options=False)
@operation(
    summary="Begin an upload in parts (tus 1.0.0)",
    headers=_CREATION,
    answers={201: None},
    refuses=(403, 412, 413, 415, 422),
)
def begin_upload() -> Response:
    """Make room for a photo that comes in parts; or say what is spoken here."""
    _speak()
    if request.method == "OPTIONS":
        return _what_is_spoken()
    access.check(current_actor(), UPLOAD_BEGIN)
    _check_version()
    ref = usecases.begin(
        protocol.read_creation(
            request.headers.get("Upload-Length"),
            request.headers.get("Upload-Metadata"),
            most_mb=settings().photos.max_file_mb,
        ),
        actor=current_actor(),
        limits=settings().limits,
        now=clock.now(),
    )
    response = Response(status=201)
    response.headers["Location"] = url_for("api.show_upload", upload_id=ref)
    return response


def _what_is_spoken() -> Response:
    response: Response = current_app.make_default_options_response()
    response.headers["Tus-Version"] = protocol.VERSION
    response.headers["Tus-Extension"] = protocol.EXTENSIONS
    response.headers["Tus-Checksum-Algorithm"] = ",".join(protocol.ALGORITHMS)
    response.headers["Tus-Max-Size"] = str(_most_bytes())
    return response


@bp.route("/uploads/<upload_id>", methods=["HEAD"])
@operation(
    summary="How far an upload is",
    headers=_HEADERS,
    answers={200: None},
    refuses=(403, 404, 412),
)
def show_upload(upload_id: str) -> Response:
    """Say how many bytes of an upload are kept."""
    _speak()
    upload = _own(upload_id)
    response = Response(status=200)
    response.headers["Upload-Offset"] = str(upload.kept)
    response.headers["Upload-Length"] = str(upload.length)
    response.headers["Upload-Metadata"] = upload.said
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.patch("/uploads/<upload_id>")
@operation(
    summary="Go on with an upload",
    headers=_PIECE,
    takes=protocol.CONTENT_TYPE,
    answers={204: None},
    refuses=(403, 404, 409, 412, 413, 415, 422, 460),
)
def continue_upload(upload_id: str) -> Response:
    """Take in bytes from where the kept ones end; whole pieces are kept, whatever comes after."""
    _speak()
    upload = _own(upload_id)
    if request.mimetype != protocol.CONTENT_TYPE:
        raise UnsupportedMediaType
    kept = protocol.read_number(request.headers.get("Upload-Offset"))
    if kept is None:
        raise Invalid.field("upload_offset", "number-out-of-range", low=0, high=upload.length)
    if kept != upload.kept:
        raise WrongOffset(upload.kept)
    checksum = protocol.read_checksum(request.headers.get("Upload-Checksum"))
    left, sent = upload.length - kept, request.content_length
    if sent is not None and sent > left:
        raise MoreThanSaid
    length = left if sent is None else sent
    if checksum is not None and length > protocol.PIECE_BYTES:
        raise PieceTooLarge(protocol.PIECE_BYTES // 1024)
    # Nothing of the database is held while bytes come in.
    db.session.rollback()
    for piece in protocol.pieces(_read, length):
        if checksum is not None and not checksum.fits(piece):
            raise WrongChecksum
        usecases.keep_piece(upload.id, at=kept, data=piece)
        kept += len(piece)
    response = Response(status=204)
    response.headers["Upload-Offset"] = str(kept)
    return response


def _read(size: int) -> bytes:
    try:
        return request.stream.read(size)
    except (ClientDisconnected, OSError):
        return b""


@bp.delete("/uploads/<upload_id>")
@operation(
    summary="Give an upload up",
    headers=_HEADERS,
    answers={204: None},
    refuses=(403, 404, 412),
)
def give_up_upload(upload_id: str) -> Response:
    """Let an upload go with all of its bytes."""
    _speak()
    usecases.give_up(_own(upload_id).id)
    return Response(status=204)
