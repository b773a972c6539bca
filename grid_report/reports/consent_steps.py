"""What a rider's consents let a report keep."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from grid_report.access import Actor
from grid_report.accounts.consent_kinds import ConsentKind
from grid_report.accounts.consent_queries import consents_of
from grid_report.media.uploads.photos import AdmittedPhoto
from grid_report.reports.commands import without_position
from grid_report.reports.errors import ConsentNeeded
from grid_report.reports.lifecycle import Part
from grid_report.reports.models import Report
from grid_report.reports.permissions import parts


def photos_to_keep(
    session: Session, report: Report, photos: Sequence[AdmittedPhoto], actor: Actor
) -> Sequence[AdmittedPhoto]:
    """Return the photos of a step as they may be kept. Raises ConsentNeeded.

    Staff take theirs in the course of their work; only a rider's own rest on consent.
    """
    if not photos or Part.RIDER not in parts(actor, report):
        return photos
    agreed = consents_of(actor.member_id, session)
    if ConsentKind.PHOTOS not in agreed:
        raise ConsentNeeded
    return photos if ConsentKind.POSITION in agreed else without_position(photos)
