"""Parts of what a report answers: photos, deadlines, the case a merged report joined."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Self

from flask import url_for
from pydantic import Field

from grid_report.reports.kept_models import KeptPhoto, KeptReport
from grid_report.reports.lifecycle import State
from grid_report.reports.models import PhotoKind, Report, ReportPhoto
from grid_report.web.api.shapes import Answer, Instant, spelled_out


class PhotoShown(Answer):
    id: int
    kind: Annotated[str, spelled_out(PhotoKind, "Kind")]
    width: int
    height: int
    main: str
    thumb: str

    @classmethod
    def of(cls, number: str, it: ReportPhoto | KeptPhoto) -> Self:
        """Show a photo with the addresses of its two sizes."""
        address = url_for("api.report_photo", number=number, photo_id=it.id)
        return cls(
            id=it.id,
            kind=it.kind,
            width=it.width,
            height=it.height,
            main=f"{address}?size=main",
            thumb=f"{address}?size=thumb",
        )


class Due(Answer):
    accept: Instant | None = Field(description="no deadline of a kept report has begun")
    control: Instant | None
    fix: Instant | None

    @classmethod
    def of(cls, it: Report | KeptReport) -> Self:
        """Show the deadlines of a report."""
        return cls(accept=it.accept_due, control=it.control_due, fix=it.fix_due)


class CaseShown(Answer):
    """How the case of a merged report stands; told to the merged report's rider."""

    state: State
    due: Due
    handled_at: Instant | None
    closed_at: Instant | None
    after: list[PhotoShown]

    @classmethod
    def of(cls, lead: Report, photos: Sequence[ReportPhoto], number: str) -> Self:
        """Show a case to a merged report's rider; its photos under the report's own number."""
        return cls(
            state=lead.state,
            due=Due.of(lead),
            handled_at=lead.handled_at,
            closed_at=lead.closed_at,
            after=[PhotoShown.of(number, it) for it in photos if it.kind is PhotoKind.AFTER],
        )
