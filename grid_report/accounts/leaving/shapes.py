"""The shapes of taking everything along, and of leaving."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from grid_report.accounts.leaving.outcome import ENDS, GOES, STAYS
from grid_report.web.api.shapes import Answer, Body, Instant
from grid_report.web.pages.words import sentence


class ExportState(StrEnum):
    MAKING = "making"
    READY = "ready"
    FAILED = "failed"


class Stated(Answer):
    what: str = Field(description="a code, the same in every language")
    why: str


class ExportShown(Answer):
    url: str = Field(description="answers with the ZIP once it is ready, with this until then")
    state: ExportState
    asked_at: Instant
    expires_at: Instant
    stays: list[Stated] = Field(description="what an erasure would leave, and why")


class LeaveRequest(Body):
    password: Annotated[str, StringConstraints(max_length=200)] = ""
    code: Annotated[str, StringConstraints(max_length=40)] = Field(
        "", description="instead of the password: the digits asked for by `POST /me/code`"
    )


class LeavingShown(Answer):
    asked_at: Instant
    erased_at: Instant = Field(description="until then it can be called back")
    goes: list[Stated]
    ends: list[Stated]
    stays: list[Stated]


def stated(codes: tuple[str, ...]) -> list[Stated]:
    """Say some outcomes in the reader's language."""
    return [Stated(what=code, why=sentence("leaving", code)) for code in codes]


def leaving_shown(asked_at: Instant, erased_at: Instant) -> LeavingShown:
    """Show a wish to be erased with all that comes of it."""
    return LeavingShown(
        asked_at=asked_at,
        erased_at=erased_at,
        goes=stated(GOES),
        ends=stated(ENDS),
        stays=stated(STAYS),
    )
