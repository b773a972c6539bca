"""Keeping reports until their rider's number is proved. Writes inside an open transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from grid_report.access import Actor
from grid_report.access.roles import Role
from grid_report.db import before_commit
from grid_report.media.uploads.photos import AdmittedPhoto
from grid_report.notify import outbox
from grid_report.places.geo.categories import CategoryInfo
from grid_report.places.geo.points import Point
from grid_report.places.queries import reference
from grid_report.reports.commands import SubmitReport, columns_of
from grid_report.reports.kept_models import KeptPhoto, KeptReport


def keep(
    session: Session,
    command: SubmitReport,
    *,
    number: str,
    sent: str,
    point: Point,
    category: CategoryInfo,
    actor: Actor,
    now: datetime,
) -> KeptReport:
    """Store a report whole, for the day its rider's number is proved."""
    kept = KeptReport(
        **columns_of(
            command, category, number=number, sent=sent, point=point, rider_id=actor.member_id,
            at=now,
        ),
        sent_lat=command.lat,
        sent_lng=command.lng,
        compound_code=command.compound,
        chosen_code=command.community,
    )  # fmt: skip
    session.add(kept)
    session.flush()
    return kept


def keep_photos(
    session: Session, kept: KeptReport, photos: Sequence[AdmittedPhoto]
) -> list[KeptPhoto]:
    """Attach photos whose files are already durable; return their rows."""
    rows = [
        KeptPhoto(
            report_id=kept.id,
            name=photo.name,
            width=photo.width,
            height=photo.height,
            byte_count=photo.byte_count,
            dhash=photo.dhash,
            taken_at=photo.taken_at,
            lat=photo.position[0] if photo.position else None,
            lng=photo.position[1] if photo.position else None,
        )
        for photo in photos
    ]
    session.add_all(rows)
    session.flush()
    return rows


def lock_waiting(session: Session, rider_id: int) -> Sequence[KeptReport]:
    """Take what a rider sent and did not take back, oldest first."""
    return session.scalars(
        select(KeptReport)
        .where(KeptReport.reporter_id == rider_id, KeptReport.withdrawn_at.is_(None))
        .order_by(KeptReport.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def lock_own(session: Session, number: str, rider_id: int) -> KeptReport | None:
    """Take one kept report of a rider; None when there is none of this number."""
    return session.scalars(
        select(KeptReport)
        .where(KeptReport.number == number, KeptReport.reporter_id == rider_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def as_sent(session: Session, kept: KeptReport) -> SubmitReport:
    """Return what the rider sent, with its photos in their order."""
    photos = session.scalars(
        select(KeptPhoto).where(KeptPhoto.report_id == kept.id).order_by(KeptPhoto.id)
    )
    return SubmitReport(
        key=kept.key,
        category=kept.category_code,
        lat=kept.sent_lat,
        lng=kept.sent_lng,
        datum=kept.datum,
        accuracy_m=kept.accuracy_m,
        compound=kept.compound_code,
        community=kept.chosen_code,
        place_note=kept.place_note,
        description=kept.description,
        taken_at=kept.taken_at,
        photos=tuple(
            AdmittedPhoto(
                name=photo.name,
                width=photo.width,
                height=photo.height,
                byte_count=photo.byte_count,
                dhash=photo.dhash,
                taken_at=photo.taken_at,
                position=(photo.lat, photo.lng)
                if photo.lat is not None and photo.lng is not None
                else None,
            )
            for photo in photos
        ),
        source=kept.source,
        place_source=kept.located_by,
    )


def let_go(session: Session, kept: KeptReport) -> None:
    """Take a report out of what waits; it is a report of its own from now on."""
    session.execute(
        delete(KeptPhoto)
        .where(KeptPhoto.report_id == kept.id)
        .execution_options(synchronize_session=False)
    )
    session.delete(kept)
    session.flush()


def tell_of_left(_sender: object, *, session: Session, member_id: int, now: datetime) -> None:
    """Tell administrators of what waits under an account whose number somebody else proved.

    Nobody can sign in to it any more: its person gets it back at a counter or never. Hears
    `accounts.signals.number_taken`.
    """
    # Last in the transaction: a person who goes on with another account takes it along.
    before_commit(session, f"kept-left:{member_id}", partial(_tell_of_left, member_id, now))


def _tell_of_left(member_id: int, now: datetime, session: Session) -> None:
    if waiting := len(lock_waiting(session, member_id)):
        outbox.put(
            session,
            "kept_left",
            to_role=(Role.ADMINISTRATOR, reference().county_code),
            about=str(member_id),
            facts={"kept": waiting},
            now=now,
        )
