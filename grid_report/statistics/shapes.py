"""The shapes of a month in figures. Counts and rates are named as in `statistics/measures.py`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Self

from pydantic import BaseModel, Field, WithJsonSchema

from grid_report.statistics.counts.areas import AreaKind
from grid_report.statistics.counts.queries import Times
from grid_report.statistics.measures import Measure
from grid_report.statistics.month.queries import Frozen
from grid_report.statistics.month.table_queries import PEOPLE, Row, Table, TableName, Tables
from grid_report.web.api.shapes import Answer, IfAny, Instant, RateShown


class MonthQuery(BaseModel):
    area: str | None = Field(
        default=None,
        max_length=12,
        description="code of the county, a street, a community, or `unrouted`; default: the own one",
    )
    version: int | None = Field(
        default=None, ge=0, le=999_999, description="0: the running counts; default: the newest"
    )


class SheetQuery(MonthQuery):
    table: TableName | None = Field(
        default=None, description="one table, a line each; default: all"
    )
    bom: bool | None = Field(default=None, description="1: with a byte order mark, for Excel")


def _counts(measures: Iterable[Measure], row: Row) -> dict[str, Any]:
    """Name each count as the shapes do; how long handling took is shown as its mean."""
    return {it.value: row.counts[it] for it in measures if it is not Measure.HANDLING_S}


def _line(table: Table, row: Row) -> dict[str, Any]:
    """Return the fields of a line: the counts, the mean time and the rates its table shows.

    They are named by their measures; a shape that lacks one, or has one too many, refuses them.
    """
    line = _counts(table.measures, row)
    if table.has_lengths:
        line["mean_handling_minutes"] = row.mean_handling
    if table.rates:
        line["rates"] = {name.value: RateShown.of(row.rate(name)) for name in table.rates}
    return line


# A shape is written in the order of its bases, the last one first: the head of a line comes first.
class _RatesOfReports(Answer):
    filing: RateShown
    dispatching: RateShown
    filing_in_time: RateShown


class RatesOfUnit(Answer):
    handling: RateShown
    handling_in_time: RateShown
    closing: RateShown
    closing_in_time: RateShown
    rework: RateShown
    extension: RateShown
    overdue: RateShown
    solved: RateShown
    satisfied: RateShown


class RatesShown(RatesOfUnit, _RatesOfReports):
    duplicates: RateShown


class _CountsOfReports(Answer):
    received: int
    urgent: int
    accepted: int
    accepted_in_time: int
    dispatched: int
    rejected: int
    withdrawn: int
    merged: int


class CountsOfUnit(Answer):
    """What was due, and what was done of it."""

    should_handle: int
    handled: int
    handled_in_time: int
    extended: int
    overdue_open: int
    suspended: int
    should_close: int
    closed: int
    closed_in_time: int
    reworked: int
    closings: int
    reopened: int
    answers: int
    solved: int
    satisfied: int
    recalled: IfAny[int] = Field(
        default=None, description="absent in versions frozen before it was counted"
    )
    finished: int
    mean_handling_minutes: float | None


class CaseCounts(CountsOfUnit, _CountsOfReports):
    """Every count of cases."""

    rates: RatesShown


class CodeAndName(Answer):
    code: str
    name: str

    @classmethod
    def lines(cls, table: Table) -> list[Self]:
        """Show the lines of a table, each with its code and name."""
        return [cls(code=row.key, name=row.name, **_line(table, row)) for row in table.rows]


def _whole(row: Row) -> CodeAndName:
    """Return what a line belongs to."""
    return CodeAndName(code=row.parent, name=row.parent_name)


class AreaShown(Answer):
    code: str
    kind: AreaKind
    name: str
    parent: str | None


class FrozenShown(Answer):
    version: int
    frozen_at: Instant
    digest: str

    @classmethod
    def of(cls, it: Frozen) -> Self:
        """Show a frozen version."""
        return cls(version=it.version, frozen_at=it.frozen_at, digest=it.digest)


class Bar(Answer):
    up_to_minutes: int | None = Field(description="null: longer than the one before")
    number: int


# Whole where it is a value that was there; a mean of two may be halved.
Minutes = Annotated[int | float, WithJsonSchema({"type": "number"})]


class TimesShown(Answer):
    number: int
    mean_minutes: float | None
    median_minutes: Minutes | None = Field(
        description="the middle value, or the mean of the two middle ones; null below ten"
    )
    p90_minutes: Minutes | None = Field(description="linear between ranks; null below ten")
    distribution: list[Bar]

    @classmethod
    def of(cls, it: Times) -> Self:
        """Show how long something took."""
        return cls(
            number=it.number,
            mean_minutes=None if it.mean is None else round(it.mean, 1),
            median_minutes=it.median,
            p90_minutes=it.p90,
            distribution=[Bar(up_to_minutes=edge, number=number) for edge, number in it.bars],
        )


class BothTimes(Answer):
    response: TimesShown
    handling: TimesShown


class _MonthBeside(Answer):
    month: str
    live: IfAny[bool] = Field(
        default=None,
        description="beside a frozen version: true where that month was not frozen at the moment;"
        " absent where the figures are live, and in versions frozen before this was kept",
    )
    rules: IfAny[int] = Field(
        default=None,
        description="by which rules it was counted; only where those are not the month's own",
    )


class OfMonth(CaseCounts, _MonthBeside):
    @classmethod
    def of(cls, table: Table, row: Row) -> Self:
        """Show a month of the trend that is known."""
        # What a version kept nothing of says nothing: it stays the bytes it was.
        return cls(month=row.key, live=row.is_live, rules=row.rules, **_line(table, row))


class Comparison(Answer):
    """Null where a frozen version kept nothing of that month, or there was nothing yet."""

    before: OfMonth | None
    year_before: OfMonth | None

    @classmethod
    def of(cls, trend: Table) -> Self:
        """Show the month before and that of the year before."""
        before, year_before = (
            OfMonth.of(trend, row) if row.is_known else None
            for row in (trend.rows[-2], trend.rows[0])
        )
        return cls(before=before, year_before=year_before)


class OfGroup(CaseCounts, CodeAndName):
    pass


class _InGroup(CodeAndName):
    group: CodeAndName


class OfCategory(CaseCounts, _InGroup):
    @classmethod
    def lines(cls, table: Table) -> list[Self]:
        """Show the categories, each with its group."""
        return [
            cls(code=row.key, name=row.name, group=_whole(row), **_line(table, row))
            for row in table.rows
        ]


class OfArea(CaseCounts, CodeAndName):
    pass


class _InStreet(CodeAndName):
    street: CodeAndName


class OfCommunity(CaseCounts, _InStreet):
    @classmethod
    def lines(cls, table: Table) -> list[Self]:
        """Show the communities, each with its street."""
        return [
            cls(code=row.key, name=row.name, street=_whole(row), **_line(table, row))
            for row in table.rows
        ]


class OfUnit(CountsOfUnit, CodeAndName):
    """`self` is what communities handled themselves."""

    rates: RatesOfUnit


class Received(CodeAndName):
    received: int


class ServiceCounts(Answer):
    reserved: int
    delivered: int
    delivered_points: int
    refunded: int
    refunded_points: int
    no_shows: int
    applications: int
    cards_issued: int


class OfService(ServiceCounts, CodeAndName):
    pass


class ServicesShown(ServiceCounts):
    by_offer: list[OfService]
    by_station: list[OfService]

    @classmethod
    def of(cls, found: Tables) -> Self:
        """Show what was taken and handed out, as a whole and by offer and station."""
        whole = found[TableName.SERVICES]
        return cls(
            by_offer=OfService.lines(found[TableName.BY_OFFER]),
            by_station=OfService.lines(found[TableName.BY_STATION]),
            **_line(whole, whole.rows[0]),
        )


class PointsShown(Answer):
    granted: int
    awarded: int
    opening: IfAny[int] = Field(
        default=None, description="held at the month's beginning; absent in versions frozen before"
    )
    earned: IfAny[int] = Field(default=None, description="awarded, with corrections")
    redeemed: IfAny[int] = Field(default=None, description="handed out, and lost by not coming")
    given_back: IfAny[int] = Field(default=None, description="refunds of what was redeemed")
    expired: int
    taken_back: IfAny[int] = Field(default=None, description="taken back, and debts repaid")
    liability: int = Field(
        description="held at the month's end: opening + earned - redeemed + given_back - expired"
        " - taken_back; in older versions at the time of the freeze"
    )
    on_hold: IfAny[int] = Field(default=None, description="of what is held: on hold for services")
    debts: IfAny[int] = Field(default=None, description="owed by riders; of the county only")


class PeopleShown(Answer):
    """Counts, never names; consents and erasures are the county's, null elsewhere."""

    riders: int
    consents: int | None
    consents_withdrawn: int | None
    erasures: int | None

    @classmethod
    def of(cls, table: Table) -> Self:
        """Show how many people there are, and what of them only the county counts."""
        unknown = dict.fromkeys(it.value for it in PEOPLE)
        return cls(**{**unknown, **_counts(table.measures, table.rows[0])})


class _MonthOfArea(Answer):
    month: str
    area: AreaShown
    as_of: Instant
    running: bool
    frozen: FrozenShown | None


class MonthShown(CaseCounts, _MonthOfArea):
    """A month of an area, whole."""

    times: BothTimes
    comparison: Comparison
    trend: list[OfMonth]
    by_group: list[OfGroup]
    by_category: list[OfCategory]
    by_area: list[OfArea]
    by_community: list[OfCommunity]
    by_unit: list[OfUnit]
    by_hour: list[Received]
    by_weekday: list[Received]
    by_source: list[Received]
    services: ServicesShown
    points: PointsShown
    people: PeopleShown

    @classmethod
    def of(cls, found: Tables) -> Self:
        """Show all tables of a month."""
        report, area = found.report, found.report.area
        whole, trend, points = (
            found[name] for name in (TableName.MONTH, TableName.TREND, TableName.POINTS)
        )
        return cls(
            month=str(report.month),
            area=AreaShown(
                code=area.code, name=found.area_name, kind=area.kind, parent=area.parent
            ),
            as_of=report.at,
            running=report.is_running,
            frozen=FrozenShown.of(report.frozen) if report.frozen else None,
            **_line(whole, whole.rows[0]),
            times=BothTimes(
                response=TimesShown.of(found.times(TableName.RESPONSE)),
                handling=TimesShown.of(found.times(TableName.HANDLING)),
            ),
            comparison=Comparison.of(trend),
            trend=[OfMonth.of(trend, row) for row in trend.rows if row.is_known],
            by_group=OfGroup.lines(found[TableName.BY_GROUP]),
            by_category=OfCategory.lines(found[TableName.BY_CATEGORY]),
            by_area=OfArea.lines(found[TableName.BY_AREA]),
            by_community=OfCommunity.lines(found[TableName.BY_COMMUNITY]),
            by_unit=OfUnit.lines(found[TableName.BY_UNIT]),
            by_hour=Received.lines(found[TableName.BY_HOUR]),
            by_weekday=Received.lines(found[TableName.BY_WEEKDAY]),
            by_source=Received.lines(found[TableName.BY_SOURCE]),
            services=ServicesShown.of(found),
            points=PointsShown(**_counts(points.measures, points.rows[0])),
            people=PeopleShown.of(found[TableName.PEOPLE]),
        )
