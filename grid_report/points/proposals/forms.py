"""From forms about proposals to values, or to everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from grid_report.clock import Month
from grid_report.errors import Invalid
from grid_report.points.kinds import Verdict
from grid_report.points.proposals.rules import ProposalKind, Propose
from grid_report.web.text import clean, read_int, read_key, read_text

REASON_MOST = 500


def read_proposal(values: Mapping[str, Any], *, key_field: str = "key") -> Propose:
    """Read a grant or a reversal. Raises Invalid."""
    problems = Invalid()
    key = read_key(values.get("key"), key_field, problems)
    reason = read_text(values, "reason", most=REASON_MOST, problems=problems)
    kind = clean(values.get("kind"))
    if kind == ProposalKind.GRANT:
        command = Propose(
            kind=ProposalKind.GRANT,
            key=key,
            reason=reason,
            points=read_int(values, "points", 1, 1_000_000, problems),
            community_code=read_text(values, "community", most=12, problems=problems) or None,
            month=_month(values, problems),
        )
    elif kind == ProposalKind.REVERSAL:
        verdict = clean(values.get("verdict"))
        command = Propose(
            kind=ProposalKind.REVERSAL,
            key=key,
            reason=reason,
            entry_id=read_int(values, "entry_id", 1, 99_999_999_999, problems),
            verdict=Verdict(verdict) if verdict in set(Verdict) else None,
        )
    else:
        raise Invalid.field("kind", "value-unknown" if kind else "field-needed")
    problems.raise_if_any()
    return command


def _month(values: Mapping[str, str], problems: Invalid) -> str | None:
    try:
        return str(Month.parse(clean(values.get("month"))))
    except Invalid:
        problems.add("month", "month-unreadable")
        return None


def read_note(values: Mapping[str, str]) -> str:
    """Read the words of a decision. Raises Invalid."""
    problems = Invalid()
    note = read_text(values, "note", most=REASON_MOST, problems=problems)
    problems.raise_if_any()
    return note
