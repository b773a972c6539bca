"""Lists of reports and the counts beside them: bounded work however many reports there are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Integer,
    ScalarSelect,
    Select,
    TextClause,
    and_,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    text,
    true,
    tuple_,
    union,
    union_all,
)

from grid_report.access import Actor
from grid_report.db import BIG, UtcInstant, db, table_of
from grid_report.errors import Invalid
from grid_report.notify.queries import unread_by
from grid_report.plain_characters import plain
from grid_report.reports.clocks import NEVER, Light
from grid_report.reports.desk.filters import ReportFilter, Sort
from grid_report.reports.lifecycle import OPEN, State
from grid_report.reports.models import IS_OPEN, Report
from grid_report.reports.scope import ReportScope, report_scope
from grid_report.web.paging import Page, pack, unpack

R = table_of(Report).c

# What one line of a page shows and what `access` asks about it.
LINE_COLUMNS = (
    R.id,
    R.number,
    R.version,
    R.state,
    R.category_code,
    R.group_code,
    R.severity,
    R.sensitive,
    R.description,
    R.place_note,
    R.community_code,
    R.street_code,
    R.unit_code,
    R.self_handled,
    R.reporter_id,
    R.started_by_id,
    R.handled_by_id,
    R.dispatched_at,
    R.created_at,
    R.sent_at,
    R.next_clock,
    R.next_warn,
    R.next_due,
    R.sort_due,
    R.followers,
    R.review_on,
    R.thumb_name,
    R.merged_into_id,
)

ROW_COLUMNS = (
    *LINE_COLUMNS,
    R.lat,
    R.lng,
    R.accuracy_m,
    R.located_by,
    R.matched_by,
    R.compound_code,
    R.taken_at,
    R.accepted_at,
    R.controlled_at,
    R.handled_at,
    R.closed_at,
    R.accept_due,
    R.control_due,
    R.fix_due,
    R.transfers,
    R.returns,
    R.extensions,
)

# Written out like the partial indexes: SQLite does not use one for a condition with parameters.
_IS_OPEN = text(f"reports.{IS_OPEN}")
# As text: of a boolean expression SQLite is asked whether it is 1, and no index says that.
_IS_FOLDED = text("reports.folded_id IS NOT NULL AND reports.state = 'submitted'")


def _ways(scope: ReportScope) -> list[ColumnElement[bool]]:
    """Return every way by which a report comes before somebody's eyes, one index for each."""
    if scope.everything:
        return [true()]
    return [
        R.reporter_id == scope.reporter_id,
        *(R.community_code == code for code in sorted(scope.communities)),
        *(R.street_code == code for code in sorted(scope.streets)),
        *(and_(R.unit_code == code, R.dispatched_at.is_not(None)) for code in sorted(scope.units)),
    ]


def scope_clause(scope: ReportScope) -> ColumnElement[bool]:
    """Turn what an actor may see into SQL; agrees with `access` by a test."""
    ways = _ways(scope)
    return ways[0] if len(ways) == 1 else or_(*ways)


def _narrow(statement: Select[*tuple[Any, ...]], wanted: ReportFilter) -> Select[*tuple[Any, ...]]:
    # A rider's merged report is as open as its case.
    if wanted.open_only and not wanted.mine:
        statement = statement.where(_IS_OPEN)
    if wanted.mine and wanted.states:
        statement = statement.where(_case_in(wanted.states))
    elif wanted.states and wanted.states != OPEN:
        statement = statement.where(R.state.in_(sorted(wanted.states)))
    for column, value in (
        (R.community_code, wanted.community),
        (R.street_code, wanted.street),
        (R.unit_code, wanted.unit),
    ):
        if value is not None:
            statement = statement.where(column == value)
    if wanted.category is not None:
        statement = statement.where(
            or_(R.category_code == wanted.category, R.group_code == wanted.category)
        )
    if wanted.light is not None:
        statement = statement.where(light_clause(wanted.light))
    if wanted.folds:
        statement = statement.where(or_(R.folded_id.is_(None), R.state != State.SUBMITTED))
    if wanted.fold is not None:
        statement = statement.where(R.folded_id == wanted.fold, _IS_FOLDED)
    if wanted.unrouted:
        statement = statement.where(R.community_code.is_(None))
    if wanted.since is not None:
        statement = statement.where(R.created_at >= wanted.since)
    if wanted.until is not None:
        statement = statement.where(R.created_at < wanted.until)
    if wanted.words:
        statement = statement.where(says(R, wanted.words))
    return statement


def says(it: Any, words: str) -> ColumnElement[bool]:
    """Say that these words are the number of a report, or in what its rider wrote."""
    return or_(
        it.number == plain(words).replace(" ", "").upper(),
        it.description.contains(words, autoescape=True),
        it.place_note.contains(words, autoescape=True),
    )


def _case_in(states: frozenset[State]) -> ColumnElement[bool]:
    """Say that a report, or the case it was merged into, is in one of these states."""
    lead = table_of(Report).alias("lead")
    led = select(lead.c.id).where(lead.c.id == R.merged_into_id, lead.c.state.in_(sorted(states)))
    own = R.state.in_(sorted(states - {State.MERGED}))
    asked_for = R.state == State.MERGED if states == {State.MERGED} else led.exists()
    return or_(own, asked_for)


# The instant of the question: statements are kept, and time goes on.
NOW = bindparam("now", type_=UtcInstant())


def light_clause(light: Light) -> ColumnElement[bool]:
    """Say in SQL what `clocks.light` says in Python; the statement's parameter is `now`.

    By what lists are sorted by, the deadline of the clock that runs: what is red begins their
    indexes, and whoever looks for the others starts behind it.
    """
    if light is Light.RED:
        return R.sort_due <= NOW
    if light is Light.YELLOW:
        return and_(R.sort_due > NOW, R.next_warn <= NOW)
    return and_(R.sort_due > NOW, R.sort_due < NEVER, R.next_warn > NOW)


# Putting a statement together costs more than running it, and the same people ask for the same
# lists all day: it is kept by everything it is made of.
@lru_cache(maxsize=512)
def _listing(
    scope: ReportScope, wanted: ReportFilter, *, whole: bool, goes_on: bool
) -> Select[*tuple[Any, ...]]:
    rows = select(*(ROW_COLUMNS if whole else LINE_COLUMNS))
    ways = [R.reporter_id == scope.reporter_id] if wanted.mine else _ways(scope)
    if len(ways) == 1:
        return _page(_narrow(rows.where(ways[0]), wanted), wanted.sort, goes_on=goes_on)
    # Each way has an index in the order of the list and stops at a page; together they have none,
    # and all reports of a community would be sorted to show fifty.
    found = [
        _page(_narrow(select(R.id).where(way), wanted), wanted.sort, goes_on=goes_on).subquery()
        for way in ways
    ]
    ids = union_all(*(select(one.c.id) for one in found))
    return _page(rows.where(R.id.in_(ids)), wanted.sort, goes_on=False)


def _page(
    statement: Select[*tuple[Any, ...]], sort: Sort, *, goes_on: bool
) -> Select[*tuple[Any, ...]]:
    statement = statement.limit(bindparam("most", type_=Integer()))
    last = bindparam("last", type_=BIG)
    if sort is Sort.DUE:
        if goes_on:
            due = bindparam("due", type_=UtcInstant())
            statement = statement.where(tuple_(R.sort_due, R.id) > tuple_(due, last))
        return statement.order_by(R.sort_due, R.id)
    if goes_on:
        statement = statement.where(R.id < last)
    return statement.order_by(R.id.desc())


def list_reports(
    actor: Actor,
    wanted: ReportFilter,
    *,
    now: datetime,
    cursor: str | None = None,
    limit: int = 50,
    whole: bool = True,
) -> Page[Any]:
    """List the reports an actor may see, one statement whatever the number of rows.

    `whole` rows hold everything the API tells of a report, others what one line of a page shows.
    """
    by_time_left = wanted.sort is Sort.DUE
    values: dict[str, Any] = {"most": limit + 1}
    if wanted.light is not None:
        values["now"] = now
    after = unpack(cursor, 2 if by_time_left else 1)
    if after is not None:
        values["last"] = _number(after[-1])
        if by_time_left:
            values["due"] = _instant(after[0])
    statement = _listing(report_scope(actor), wanted, whole=whole, goes_on=after is not None)
    rows = db.session.execute(statement, values).all()
    following = None
    if len(rows) > limit:
        rows = rows[:limit]
        last = rows[-1]
        following = pack(last.sort_due.isoformat(), last.id) if by_time_left else pack(last.id)
    return Page(rows, following)


def _instant(value: Any) -> datetime:
    try:
        read = datetime.fromisoformat(value)
        if read.tzinfo is None:
            raise ValueError(value)
        # At the ends of the calendar there is no UTC for every zone.
        return read.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        raise Invalid.field("cursor", "cursor-unreadable") from None


def _number(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > 2**62:
        raise Invalid.field("cursor", "cursor-unreadable")
    return value


_FIRST: Final = (R.sort_due, R.id)
_LAST: Final = (R.sort_due.desc(), R.id.desc())
# Past this a count says "99+" on the screen; counting further would cost with the table's size.
MOST_COUNTED = 100


@lru_cache(maxsize=256)
def _counting(scope: ReportScope, member_id: int) -> Select[*tuple[Any, ...]]:
    # Lights from the end of their index where there are most of them; states by one of their own.
    piles: dict[str, tuple[ColumnElement[bool] | TextClause, Sequence[ColumnElement[Any]]]] = {
        "red": (light_clause(Light.RED), _FIRST),
        "yellow": (light_clause(Light.YELLOW), _FIRST),
        "green": (light_clause(Light.GREEN), _LAST),
        "stopped": (R.sort_due >= NEVER, _FIRST),
        "submitted": (R.state == literal_column(f"'{State.SUBMITTED}'"), ()),
        "folded": (_IS_FOLDED, ()),
        "handled": (R.state == literal_column(f"'{State.HANDLED}'"), ()),
    }
    counts = [_count(scope, *pile).label(name) for name, pile in piles.items()]
    return select(*counts, unread_by(member_id).label("unread"))


def _count(
    scope: ReportScope,
    pile: ColumnElement[bool] | TextClause,
    order: Sequence[ColumnElement[Any]],
) -> ScalarSelect[int]:
    # In the order of the index of open reports, or SQLite takes the one of all reports. Those of one
    # state everywhere have an index that says nothing else.
    is_open = true() if scope.everything and not order else _IS_OPEN
    found = [
        select(R.id).where(way, is_open, pile).order_by(*order).limit(MOST_COUNTED).subquery()
        for way in _ways(scope)
    ]
    if len(found) == 1:
        return select(func.count()).select_from(found[0]).scalar_subquery()
    # `union` leaves out what came by two ways.
    ids = union(*(select(one.c.id) for one in found)).limit(MOST_COUNTED).subquery()
    return select(func.count()).select_from(ids).scalar_subquery()


MOST_FOLDS: Final = 20


def list_folds(actor: Actor) -> Sequence[Any]:
    """List the rows behind which very many urgent reports of one rider stand, first due first.

    Each with the number of the first of them, how many wait, and by when the first has to be
    answered. One statement.
    """
    head = table_of(Report).alias("head")
    return db.session.execute(
        select(
            head.c.number,
            head.c.category_code,
            head.c.community_code,
            func.count().label("waiting"),
            func.min(R.sort_due).label("due"),
        )
        .select_from(table_of(Report))
        .join(head, head.c.id == R.folded_id)
        .where(scope_clause(report_scope(actor)), _IS_FOLDED)
        .group_by(head.c.id, head.c.number, head.c.category_code, head.c.community_code)
        .order_by(func.min(R.sort_due), head.c.id)
        .limit(MOST_FOLDS)
    ).all()


def count_for_desk(actor: Actor, *, now: datetime) -> dict[str, int]:
    """Count what the desk shows beside its list, up to 100 each, in one statement.

    Open reports by light, the piles of the morning, and the messages this person has not read.
    """
    statement = _counting(report_scope(actor), actor.member_id)
    return dict(db.session.execute(statement, {"now": now}).one()._mapping)


def leads_of(report_ids: Collection[int]) -> dict[int, Any]:
    """Return the reports that lead the cases of merged ones, by id, in one statement or none."""
    if not report_ids:
        return {}
    rows = db.session.execute(select(*ROW_COLUMNS).where(Report.id.in_(set(report_ids))))
    return {row.id: row for row in rows}
