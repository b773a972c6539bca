"""What one case adds to the figures. Pure: the facts of a case in, counts by cell out.

The same rules stand in `counts/definition_queries.py` as SQL, for the recount and for the lists behind a figure;
a test plays random histories and holds the two against each other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Final, NamedTuple

from grid_report.clock import Month
from grid_report.reports.lifecycle import State
from grid_report.statistics.counts import durations
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
    first_accepted_at: datetime | None
    accepted_in_time: bool | None
    dispatched_at: datetime | None
    started_at: datetime | None
    handled_at: datetime | None
    closed_at: datetime | None
    rated_at: datetime | None
    fix_due: datetime
    close_due: datetime
    reworks: int
    reworks_before: int
    extensions: int
    extensions_before: int
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
    def extended(self) -> bool:
        """Tell whether this round was given more time."""
        return self.extensions > self.extensions_before

    @property
    def reworked(self) -> bool:
        """Tell whether a check failed in this round."""
        return self.reworks > self.reworks_before

    @property
    def held(self) -> bool:
        """The round that goes on has not been reopened: what it was in time for counts."""
        return True

    @property
    def is_unhandled(self) -> bool:
        """Tell whether the case waits to be handled."""
        return self.handled_at is None and self.state in UNHANDLED


@dataclass(frozen=True)
class RoundFacts:
    """What the figures know of a round that is over; it never changes again.

    It was handled and closed, so it is always due; it did not hold, so it is never in time.
    """

    community: str | None
    street: str | None
    category: str
    unit: str | None
    self_handled: bool
    dispatched_at: datetime | None
    started_at: datetime | None
    handled_at: datetime | None
    closed_at: datetime | None
    fix_due: datetime
    close_due: datetime
    extended: bool
    reworked: bool
    ended_at: datetime

    @property
    def handler(self) -> str | None:
        """The unit that handled it, `self` for the community."""
        return OWN_HANDLING if self.self_handled else self.unit

    @property
    def is_due(self) -> bool:
        """It was closed: it belongs to what should be handled and closed."""
        return True

    @property
    def held(self) -> bool:
        """It was reopened."""
        return False


# A case as it stands, or a round of it that is over.
Round = CaseFacts | RoundFacts

FIELDS: Final = {
    "community": "community_code",
    "street": "street_code",
    "category": "category_code",
    "unit": "unit_code",
}


def case_facts(report: Any) -> CaseFacts:
    """Take the facts of a report as it stands."""
    return CaseFacts(**_taken(report, CaseFacts))


def round_facts(over: Any) -> RoundFacts:
    """Take the facts of a round that is over."""
    return RoundFacts(**_taken(over, RoundFacts))


def _taken(row: Any, facts: Any) -> dict[str, Any]:
    return {name: getattr(row, FIELDS.get(name, name)) for name in facts.__dataclass_fields__}


def areas_of(county: str, street: str | None, community: str | None) -> tuple[str, ...]:
    """Return every area a case counts for: the county, its street, its community."""
    if community is None or street is None:
        return (county, UNROUTED)
    return (county, street, community)


def case_cells(case: CaseFacts, zone: tzinfo) -> Cells:
    """Count one case as it stands: every measure it is in, by month, category and handler.

    Rounds of it that are over are counted by themselves (`round_cells`).
    """
    found = _broken_down(case, _counts(case, zone))
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
    if case.first_accepted_at is not None:
        found.update(length_cells(str(received), Facet.RESPONSE, response_s(case)))
    found.update(_lengths(case, zone))
    return found


def round_cells(over: RoundFacts, zone: tzinfo) -> Cells:
    """Count one round that is over: what was done stays in its month, and was not in time."""
    reopened = (str(Month.of(over.ended_at, zone)), Measure.REOPENED, "", 1)
    found = _broken_down(over, (*_of_round(over, zone), reopened))
    found.update(_lengths(over, zone))
    return found


def _broken_down(it: Round, counts: Iterable[tuple[str, Measure, str, int]]) -> Cells:
    found: Cells = Counter()
    for month, measure, also, amount in counts:
        found[Cell(month, Facet.ALL, "", measure, also)] += amount
        found[Cell(month, Facet.CATEGORY, it.category, measure, also)] += amount
        if it.handler is not None:
            found[Cell(month, Facet.UNIT, it.handler, measure, also)] += amount
    return found


def _lengths(it: Round, zone: tzinfo) -> Iterator[Cell]:
    spent = handling_s(it)
    if spent is not None and it.handled_at is not None:
        month = str(Month.of(it.handled_at, zone))
        yield from length_cells(month, Facet.HANDLING, spent)


def length_cells(month: str, facet: Facet, seconds: int) -> Iterator[Cell]:
    """Yield where a length is counted: rounded, and to the minute where that says more."""
    measure, detail = _OF_LENGTHS[facet]
    yield Cell(month, facet, str(durations.rounded_minutes(seconds)), measure)
    minutes = durations.whole_minutes(seconds)
    if minutes > durations.EXACT_UP_TO:
        yield Cell(month, detail, durations.minutes_key(minutes), measure)


_OF_LENGTHS: Final = {
    Facet.RESPONSE: (Measure.RESPONDED, Facet.RESPONSE_MINUTES),
    Facet.HANDLING: (Measure.FINISHED, Facet.HANDLING_MINUTES),
}


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
    """Seconds from submission to the case's first acceptance, whoever has accepted it since."""
    assert case.first_accepted_at is not None
    return max(0, int((case.first_accepted_at - case.created_at).total_seconds()))


def handling_s(case: Round) -> int | None:
    """Seconds from dispatch, or from the start where nobody was dispatched, to handled."""
    since = case.dispatched_at or case.started_at
    if case.handled_at is None or since is None:
        return None
    return max(0, int((case.handled_at - since).total_seconds()))


def _counts(case: CaseFacts, zone: tzinfo) -> Iterator[tuple[str, Measure, str, int]]:
    received = str(Month.of(case.created_at, zone))
    for measure, amount in _of_received(case):
        yield received, measure, "", amount
    yield from _of_round(case, zone)
    if case.state is State.SUSPENDED:
        yield str(Month.of(case.fix_due, zone)), Measure.SUSPENDED, "", 1
    if case.rated_at is not None:
        month = str(Month.of(case.rated_at, zone))
        yield month, Measure.ANSWERS, "", 1
        if case.solved:
            yield month, Measure.SOLVED, "", 1
        if case.satisfied:
            yield month, Measure.SATISFIED, "", 1


def _of_round(it: Round, zone: tzinfo) -> Iterator[tuple[str, Measure, str, int]]:
    """What is counted of each round of a case by itself."""
    for months, measures in (
        (_due_months(it.fix_due, it.handled_at, zone), _of_handling),
        (_due_months(it.close_due, it.closed_at, zone), _of_closing),
    ):
        if it.is_due:
            for month, also in months:
                for measure in measures(it):
                    yield month, measure, also, 1
    spent = handling_s(it)
    if spent is not None and it.handled_at is not None:
        month = str(Month.of(it.handled_at, zone))
        yield month, Measure.FINISHED, "", 1
        yield month, Measure.HANDLING_S, "", spent
    if it.closed_at is not None:
        yield str(Month.of(it.closed_at, zone)), Measure.CLOSINGS, "", 1


def _of_received(case: CaseFacts) -> Iterator[tuple[Measure, int]]:
    yield Measure.RECEIVED, 1
    if case.severity >= URGENT:
        yield Measure.URGENT, 1
    if case.accepted_at is not None:
        yield Measure.ACCEPTED, 1
        if case.accepted_in_time:
            yield Measure.ACCEPTED_IN_TIME, 1
        if was_sent_out(case):
            yield Measure.DISPATCHED, 1
    if case.first_accepted_at is not None:
        yield Measure.RESPONDED, 1
        yield Measure.RESPONSE_S, response_s(case)
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


def _of_handling(it: Round) -> Iterator[Measure]:
    yield Measure.SHOULD_HANDLE
    if it.handled_at is not None:
        yield Measure.HANDLED
        if it.held and it.handled_at <= it.fix_due:
            yield Measure.HANDLED_IN_TIME
    if it.extended:
        yield Measure.EXTENDED


def _of_closing(it: Round) -> Iterator[Measure]:
    yield Measure.SHOULD_CLOSE
    if it.closed_at is not None:
        yield Measure.CLOSED
        if it.held and it.closed_at <= it.close_due:
            yield Measure.CLOSED_IN_TIME
    if it.reworked:
        yield Measure.REWORKED


def difference(before: Mapping[Any, int], after: Mapping[Any, int]) -> dict[Any, int]:
    """Return what must be added to `before` to get `after`; what stays is left out."""
    changed = {key: after.get(key, 0) - before.get(key, 0) for key in {*before, *after}}
    return {key: by for key, by in changed.items() if by}
