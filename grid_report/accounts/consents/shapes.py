"""The shapes of what a member agreed to and took back."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field

from grid_report.accounts.consent_kinds import ConsentKind
from grid_report.accounts.consent_queries import ConsentRow
from grid_report.web.api.shapes import Answer, Body, Instant


class ConsentShown(Answer):
    kind: ConsentKind
    version: str = Field(description="of the notice that was agreed to")
    at: Instant
    withdrawn_at: Instant | None

    @classmethod
    def of(cls, row: ConsentRow) -> Self:
        """Show one agreement with its end."""
        return cls(
            kind=row.kind,
            version=row.notice_version,
            at=row.given_at,
            withdrawn_at=row.withdrawn_at,
        )


class ConsentList(Answer):
    items: list[ConsentShown]


class ConsentRequest(Body):
    kind: Literal["account", "position", "photos"]
    agree: bool


class ConsentSaid(Answer):
    """What stands now; `at` and `version` are null where nothing was ever agreed to."""

    kind: ConsentKind
    agree: bool
    version: str | None
    at: Instant | None
    withdrawn_at: Instant | None

    @classmethod
    def of(cls, kind: ConsentKind, row: ConsentRow | None, *, agree: bool) -> Self:
        """Show what stands after one was agreed to or taken back."""
        return cls(
            kind=kind,
            agree=agree,
            version=row.notice_version if row else None,
            at=row.given_at if row else None,
            withdrawn_at=row.withdrawn_at if row else None,
        )
