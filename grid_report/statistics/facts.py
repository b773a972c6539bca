"""What one case adds to the figures. Pure: the facts of a case in, counts by cell out.

The same rules stand in `definitions.py` as SQL, for the recount and for the lists behind a figure;
a test plays random histories and holds the two against each other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Final, NamedTuple

from grid_report.clock import Month
from grid_report.offers.lifecycle import RedemptionState
from grid_report.reports.lifecycle import State
from grid_report.statistics.durations import rounded_minutes
from grid_report.statistics.measures import Facet, Measure

# Who handles what the community did itself.
OWN_HANDLING: Final = "self"
# Where a report lies that has no community yet.
UNROUTED: Final = "unrouted"

NEVER_DUE: Final = frozenset({State.REJECTED, State.WITHDRAWN, State.MERGED})
# Their clocks stand still: nobody can be late, so nothing is due.
STANDING: Final = frozenset({State.SUSPENDED, State.NEEDS_INFO})
# Whoever is in one of these waits to be handled, and is late after the deadline.
UNHANDLED: Final = frozenset({State.SUBMITTED, State.ACCEPTED, State.DISPATCHED, State.IN_PROGRESS})
URGENT: Final = 4
# What waits with a deadline in the month, whatever its day.
DUE: Final = "due"
# Instead of a month, of what is no month's: what riders hold.
HELD: Final = "held"


class Cell(NamedTuple):
    """Where a count is kept, short of the area.

    `also` names an earlier month in which the same case is counted already: a case handled before
    its deadline is in the month of handling and in that of its deadline. What is kept under `also`
    is a part of the month's figure, and is taken off where several months are added up.
    """

    month: str
    facet: str
    key: str
    measure: str
    also: str = ""


Cells = Counter[Cell]


@dataclass(frozen=True)
class CaseFacts:
    """What the figures know of a report; taken before and after each change."""

    state: State
    community: str | None
    street: str | None
    category: str
    severity: int
    source: str
    reporter_id: int
    unit: str | None
    self_handled: bool
    created_at: datetime
    accepted_at: datetime | None
    dispatched_at: datetime | None
    started_at: datetime | None
    handled_at: datetime | None
    closed_at: datetime | None
    reopened_at: datetime | None
    rated_at: datetime | None
    accept_due: datetime
    fix_due: datetime
    close_due: datetime
    reworks: int
    extensions: int
    reopenings: int
    solved: bool | None
    satisfied: bool | None

    @property
    def handler(self) -> str | None:
        """The unit that handles it, `self` for the community, None while nobody does."""
        return OWN_HANDLING if self.self_handled else self.unit

    @property
    def is_due(self) -> bool:
        """Tell whether the case belongs to what should be handled and closed."""
        return self.state not in NEVER_DUE and self.state not in STANDING

    @property
    def is_unhandled(self) -> bool:
        """Tell whether the case waits to be handled."""
        return self.handled_at is None and self.state in UNHANDLED


FIELDS: Final = {
    "community": "community_code",
    "street": "street_code",
    "category": "category_code",
    "unit": "unit_code",
}


def case_facts(report: Any) -> CaseFacts:
    """Take the facts of a report as it stands."""
    return CaseFacts(
        **{name: getattr(report, FIELDS.get(name, name)) for name in CaseFacts.__dataclass_fields__}
    )


def areas_of(county: str, street: str | None, community: str | None) -> tuple[str, ...]:
    """Return every area a case counts for: the county, its street, its community."""
    if community is None or street is None:
        return (county, UNROUTED)
    return (county, street, community)


def areas_of_points(county: str, street: str | None, community: str) -> tuple[str, ...]:
    """Return every area points count for: of a community nobody knows, the county alone."""
    return (county,) if street is None else (county, street, community)


def case_cells(case: CaseFacts, zone: tzinfo) -> Cells:
    """Count one case: every measure it is in, by month, category and handler."""
    found: Cells = Counter()
    for month, measure, also, amount in _counts(case, zone):
        found[Cell(month, Facet.ALL, "", measure, also)] += amount
        found[Cell(month, Facet.CATEGORY, case.category, measure, also)] += amount
        if case.handler is not None:
            found[Cell(month, Facet.UNIT, case.handler, measure, also)] += amount
    received = Month.of(case.created_at, zone)
    local = case.created_at.astimezone(zone)
    for facet, key in (
        (Facet.HOUR, f"{local.hour:02d}"),
        (Facet.WEEKDAY, str(local.isoweekday())),
        (Facet.SOURCE, case.source),
        (Facet.RIDER, str(case.reporter_id)),
    ):
        found[Cell(str(received), facet, key, Measure.RECEIVED)] += 1
    if case.is_unhandled:
        found.update(Cell(*where) for where in _waiting(case, zone))
    if case.accepted_at is not None:
        minutes = rounded_minutes(response_s(case))
        found[Cell(str(received), Facet.RESPONSE, str(minutes), Measure.ACCEPTED)] += 1
    spent = handling_s(case)
    if spent is not None and case.handled_at is not None:
        month = str(Month.of(case.handled_at, zone))
        found[Cell(month, Facet.HANDLING, str(rounded_minutes(spent)), Measure.FINISHED)] += 1
    return found


def _waiting(case: CaseFacts, zone: tzinfo) -> Iterator[tuple[str, str, str, str]]:
    month = str(Month.of(case.fix_due, zone))
    for name in due_names(case.fix_due, zone):
        yield month, Facet.DUE, "", name
        yield month, Facet.DUE_CATEGORY, case.category, name
        if case.handler is not None:
            yield month, Facet.DUE_UNIT, case.handler, name


def due_names(due: datetime, zone: tzinfo) -> tuple[str, ...]:
    """Return what a deadline counts under in its month: as a whole, and by its day."""
    return DUE, due_day(due.astimezone(zone).day)


def due_day(day: int) -> str:
    """Return what deadlines of a day of the month count under; in order, and after the whole."""
    return f"{DUE}_{day:02d}"


def response_s(case: CaseFacts) -> int:
    """Seconds from submission to acceptance."""
    assert case.accepted_at is not None
    return max(0, int((case.accepted_at - case.created_at).total_seconds()))


def handling_s(case: CaseFacts) -> int | None:
    """Seconds from dispatch, or from the start where nobody was dispatched, to handled."""
    since = case.dispatched_at or case.started_at
    if case.handled_at is None or since is None:
        return None
    return max(0, int((case.handled_at - since).total_seconds()))


def _counts(case: CaseFacts, zone: tzinfo) -> Iterator[tuple[str, Measure, str, int]]:
    received = str(Month.of(case.created_at, zone))
    for measure, amount in _of_received(case):
        yield received, measure, "", amount
    for months, measures in (
        (_due_months(case.fix_due, case.handled_at, zone), _of_handling),
        (_due_months(case.close_due, case.closed_at, zone), _of_closing),
    ):
        if case.is_due:
            for month, also in months:
                for measure in measures(case):
                    yield month, measure, also, 1
    if case.state is State.SUSPENDED:
        yield str(Month.of(case.fix_due, zone)), Measure.SUSPENDED, "", 1
    spent = handling_s(case)
    if spent is not None and case.handled_at is not None:
        month = str(Month.of(case.handled_at, zone))
        yield month, Measure.FINISHED, "", 1
        yield month, Measure.HANDLING_S, "", spent
    if case.closed_at is not None:
        yield str(Month.of(case.closed_at, zone)), Measure.CLOSINGS, "", 1
    if case.reopened_at is not None:
        yield str(Month.of(case.reopened_at, zone)), Measure.REOPENED, "", 1
    if case.rated_at is not None:
        month = str(Month.of(case.rated_at, zone))
        yield month, Measure.ANSWERS, "", 1
        if case.solved:
            yield month, Measure.SOLVED, "", 1
        if case.satisfied:
            yield month, Measure.SATISFIED, "", 1


def _of_received(case: CaseFacts) -> Iterator[tuple[Measure, int]]:
    yield Measure.RECEIVED, 1
    if case.severity >= URGENT:
        yield Measure.URGENT, 1
    if case.accepted_at is not None:
        yield Measure.ACCEPTED, 1
        yield Measure.RESPONSE_S, response_s(case)
        if case.accepted_at <= case.accept_due:
            yield Measure.ACCEPTED_IN_TIME, 1
        if was_sent_out(case):
            yield Measure.DISPATCHED, 1
    ended = {
        State.REJECTED: Measure.REJECTED,
        State.WITHDRAWN: Measure.WITHDRAWN,
        State.MERGED: Measure.MERGED,
    }.get(case.state)
    if ended is not None:
        yield ended, 1


def was_sent_out(case: CaseFacts) -> bool:
    """Tell whether a case was dispatched to a unit or taken on by the community itself."""
    return (
        case.dispatched_at is not None
        or case.started_at is not None
        or case.handled_at is not None
        or case.reopenings > 0
    )


def _due_months(due: datetime, done: datetime | None, zone: tzinfo) -> tuple[tuple[str, str], ...]:
    """Months a deadline counts in: its own, and that of whatever was done before it.

    Each with the months that count the same case again (`also`), the figure itself under "".
    """
    own = str(Month.of(due, zone))
    if done is None or done > due:
        return ((own, ""),)
    early = str(Month.of(done, zone))
    if early == own:
        return ((own, ""),)
    return ((early, ""), (own, ""), (own, early))


def _of_handling(case: CaseFacts) -> Iterator[Measure]:
    yield Measure.SHOULD_HANDLE
    if case.handled_at is not None:
        yield Measure.HANDLED
        if case.handled_at <= case.fix_due:
            yield Measure.HANDLED_IN_TIME
    if case.extensions > 0:
        yield Measure.EXTENDED


def _of_closing(case: CaseFacts) -> Iterator[Measure]:
    yield Measure.SHOULD_CLOSE
    if case.closed_at is not None:
        yield Measure.CLOSED
        if case.closed_at <= case.close_due:
            yield Measure.CLOSED_IN_TIME
    if case.reworks > 0:
        yield Measure.REWORKED


@dataclass(frozen=True)
class ServiceFacts:
    """What the figures know of a redemption."""

    state: RedemptionState
    community: str | None
    street: str | None
    station: str | None
    offer_id: int
    is_card: bool
    points: int
    created_at: datetime
    delivered_at: datetime | None
    ended_at: datetime | None


class RecallFacts(NamedTuple):
    """What the figures know of a case taken back: where it was at that moment, and who had it.

    `unit` is None for the own handling of the community.
    """

    at: datetime
    street: str | None
    community: str | None
    category: str
    unit: str | None


def recall_cells(recall: RecallFacts, zone: tzinfo) -> Cells:
    """Count one recall, in the month it happened and under whoever had the case until then."""
    month = str(Month.of(recall.at, zone))
    return Counter(
        {
            Cell(month, facet, key, Measure.RECALLED): 1
            for facet, key in (
                (Facet.ALL, ""),
                (Facet.CATEGORY, recall.category),
                (Facet.UNIT, recall.unit or OWN_HANDLING),
            )
        }
    )


def points_cell(month: str, measure: Measure) -> Cell:
    """Return where points of a month are counted, or (`HELD`) those riders hold."""
    return Cell(month, Facet.POINTS, "", measure)


def service_cells(service: ServiceFacts, zone: tzinfo) -> Cells:
    """Count one redemption: asked for by its day, handed out and given back by theirs."""
    found: Cells = Counter()
    for at, measure, amount in _of_service(service):
        month = str(Month.of(at, zone))
        found[Cell(month, Facet.SERVICES, "", measure)] += amount
        found[Cell(month, Facet.OFFER, str(service.offer_id), measure)] += amount
        if service.station is not None:
            found[Cell(month, Facet.STATION, service.station, measure)] += amount
    return found


def _of_service(service: ServiceFacts) -> Iterator[tuple[datetime, Measure, int]]:
    yield service.created_at, Measure.RESERVED, 1
    if service.is_card:
        yield service.created_at, Measure.APPLICATIONS, 1
    if service.delivered_at is not None:
        yield service.delivered_at, Measure.DELIVERED, 1
        yield service.delivered_at, Measure.DELIVERED_POINTS, service.points
        if service.is_card:
            yield service.delivered_at, Measure.CARDS_ISSUED, 1
    if service.ended_at is None:
        return
    if service.state is RedemptionState.REFUNDED:
        yield service.ended_at, Measure.REFUNDED, 1
        yield service.ended_at, Measure.REFUNDED_POINTS, service.points
    elif service.state is RedemptionState.NO_SHOW:
        yield service.ended_at, Measure.NO_SHOWS, 1


def difference(before: Mapping[Any, int], after: Mapping[Any, int]) -> dict[Any, int]:
    """Return what must be added to `before` to get `after`; what stays is left out."""
    changed = {key: after.get(key, 0) - before.get(key, 0) for key in {*before, *after}}
    return {key: by for key, by in changed.items() if by}
