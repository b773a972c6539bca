"""The shapes of a member's own account."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from grid_report.accounts.consent_kinds import ConsentKind
from grid_report.api.schemas.common import Answer, Body, MemberBrief
from grid_report.languages import LANGUAGES


class ConsentGiven(Answer):
    kind: str
    version: str
    given_at: datetime
    withdrawn_at: datetime | None


class Me(MemberBrief):
    language: Annotated[str, Field(json_schema_extra={"enum": list(LANGUAGES)})]
    consents: list[ConsentGiven]


class ConsentShown(Answer):
    kind: ConsentKind
    version: str = Field(description="of the notice that was agreed to")
    at: datetime
    withdrawn_at: datetime | None


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
    at: datetime | None
    withdrawn_at: datetime | None
