"""Writes about uploads, in an open transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import case, delete, update
from sqlalchemy.orm import Session

from grid_report.errors import Invalid
from grid_report.media.resumable.claims import Claim
from grid_report.media.resumable.models import KeptUpload, UploadPiece


def claim(
    session: Session, claims: Sequence[Claim], *, member_id: int, key: str | None, now: datetime
) -> None:
    """Use uploads up with what is written in this transaction; undone with it, they wait again.

    Their bytes go with the next sweep. Raises Invalid where somebody was faster.
    """
    if not claims:
        return
    photos = {it.ref: it.photo for it in claims}
    used = set(
        session.scalars(
            update(KeptUpload)
            .where(
                KeptUpload.ref.in_(sorted(photos)),
                KeptUpload.member_id == member_id,
                KeptUpload.used_at.is_(None),
                KeptUpload.kept == KeptUpload.length,
            )
            .values(used_at=now, used_key=key, photo_name=case(photos, value=KeptUpload.ref))
            .returning(KeptUpload.ref)
            .execution_options(synchronize_session=False)
        )
    )
    problems = Invalid()
    for number, ref in enumerate(photos, start=1):
        if ref not in used:
            problems.add("uploads", "upload-used", number=number)
    problems.raise_if_any()


def forget_bytes(session: Session, upload_id: int) -> None:
    """Delete the pieces of an upload."""
    session.execute(delete(UploadPiece).where(UploadPiece.upload_id == upload_id))


def forget(session: Session, upload: KeptUpload) -> None:
    """Delete an upload with its pieces."""
    forget_bytes(session, upload.id)
    session.delete(upload)
