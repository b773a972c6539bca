"""What the ledger tells and asks of higher domains; `create_app` connects them.

`due_paid` is sent inside the transaction that pays a waiting award, with `session`, `rider_id`,
`award` (ledger.Award), `report_number`, `rule` and `now`.

`points_expiring` is sent inside the transaction that notes a notice, with `session`, `rider_id`,
`points`, `last_day` (in the county's zone) and `now`.

`report_facts` is asked by the audit with `session`; a receiver answers with `ReportFact`s.

`service_names` is asked with `session` and `refs`; a receiver answers with `{ref: Service}`.

`report_decision` is asked with `session` and `number`; a receiver answers with the
`ReportDecision` a rider may object to, None when there is none.

`objection_raised` and `objection_answered` are sent inside their transaction, with `session`,
`objection` (the row) and `now`.

`proposal_waiting` is sent inside the transaction that writes a proposal down, with `session`,
`proposal` (the row) and `now`.

`lots_changed` is sent inside the transaction that moves riders' points, from the session, with
`lots` (`{lot: (points more or less, of them on hold)}`), the kind of `event`, `at` and, of a new
lot, `community_code`.

`debt_changed` is sent inside the transaction that charges or repays a debt, from the session, with
`points` (less than zero: repaid) and `at`.

`points_expired` is sent inside its transaction, from the session, with `community_code`,
`points` and `at`, the last instant at which they could be spent.

`award_reversed` is sent inside the transaction that takes an award back, with `session`,
`rider_id`, `verdict`, how much was `taken`, is `owed` by what is on hold and is a `debt`, the
`reason` and `now`.

`audit_found` is sent inside the transaction that keeps an audit, with `session`, how many
`differences` and `warnings`, the `first` of them and `now`.

`differences` is asked by the audit with `session`; a receiver answers with pairs of the check that
failed and what it failed on.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from blinker import Signal

due_paid: Final = Signal()
points_expiring: Final = Signal()
report_facts: Final = Signal()
service_names: Final = Signal()
report_decision: Final = Signal()
objection_raised: Final = Signal()
objection_answered: Final = Signal()
proposal_waiting: Final = Signal()
lots_changed: Final = Signal()
debt_changed: Final = Signal()
points_expired: Final = Signal()
audit_found: Final = Signal()
award_reversed: Final = Signal()
differences: Final = Signal()


@dataclass(frozen=True)
class ReportFact:
    """What the ledger must agree with: whether a report was ever accepted, and ever closed."""

    number: str
    accepted: bool
    closed: bool


@dataclass(frozen=True)
class Service:
    """What a redemption is called; `page` is the endpoint that shows it by its `ref`, or empty."""

    title: str
    page: str = ""


@dataclass(frozen=True)
class ReportDecision:
    """A decision about a report that earned its rider nothing."""

    number: str
    rider_id: int
    community_code: str | None
    decided_by_id: int | None


def services_of(session: Any, refs: Collection[str | None]) -> Mapping[str, Service]:
    """Ask what redemptions are called; those that nobody knows are left out."""
    asked = sorted({ref for ref in refs if ref})
    found: dict[str, Service] = {}
    if asked:
        for _, answer in service_names.send(session, session=session, refs=asked):
            found.update(answer)
    return found


def decision_about(session: Any, number: str) -> ReportDecision | None:
    """Ask for the decision about a report that a rider may object to."""
    answers = (it for _, it in report_decision.send(session, session=session, number=number))
    return next((it for it in answers if it is not None), None)
