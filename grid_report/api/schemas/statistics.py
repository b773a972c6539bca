"""The shapes of a month in figures. Counts and rates are named as in `statistics/measures.py`."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from grid_report.api.schemas.common import Answer
from grid_report.statistics.counts.areas import AreaKind
from grid_report.statistics.month.table_queries import TableName


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


class RateShown(Answer):
    numerator: int
    denominator: int
    percent: float | None = Field(description="null below a base of ten")


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


class RatesShown(RatesOfUnit):
    filing: RateShown
    dispatching: RateShown
    filing_in_time: RateShown
    duplicates: RateShown


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
    recalled: int | None = Field(
        default=None, description="absent in versions frozen before it was counted"
    )
    answers: int
    solved: int
    satisfied: int
    finished: int
    mean_handling_minutes: float | None


class CaseCounts(CountsOfUnit):
    """Every count of cases."""

    received: int
    urgent: int
    accepted: int
    accepted_in_time: int
    dispatched: int
    rejected: int
    withdrawn: int
    merged: int
    rates: RatesShown


class CodeAndName(Answer):
    code: str
    name: str


class AreaShown(CodeAndName):
    kind: AreaKind
    parent: str | None


class FrozenShown(Answer):
    version: int
    frozen_at: datetime
    digest: str


class Bar(Answer):
    up_to_minutes: int | None = Field(description="null: longer than the one before")
    number: int


class TimesShown(Answer):
    number: int
    mean_minutes: float | None
    median_minutes: float | None = Field(
        description="the middle value, or the mean of the two middle ones; null below ten"
    )
    p90_minutes: float | None = Field(description="linear between ranks; null below ten")
    distribution: list[Bar]


class BothTimes(Answer):
    response: TimesShown
    handling: TimesShown


class OfMonth(CaseCounts):
    month: str
    live: bool | None = Field(
        default=None,
        description="beside a frozen version: true where that month was not frozen at the moment;"
        " absent where the figures are live, and in versions frozen before this was kept",
    )
    rules: int | None = Field(
        default=None,
        description="by which rules it was counted; only where those are not the month's own",
    )


class Comparison(Answer):
    """Null where a frozen version kept nothing of that month, or there was nothing yet."""

    before: OfMonth | None
    year_before: OfMonth | None


class OfGroup(CaseCounts, CodeAndName):
    pass


class OfCategory(CaseCounts, CodeAndName):
    group: CodeAndName


class OfArea(CaseCounts, CodeAndName):
    pass


class OfCommunity(CaseCounts, CodeAndName):
    street: CodeAndName


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


class PointsShown(Answer):
    granted: int
    awarded: int
    opening: int | None = Field(
        default=None, description="held at the month's beginning; absent in versions frozen before"
    )
    earned: int | None = Field(default=None, description="awarded, with corrections")
    redeemed: int | None = Field(default=None, description="handed out, and lost by not coming")
    given_back: int | None = Field(default=None, description="refunds of what was redeemed")
    expired: int
    taken_back: int | None = Field(default=None, description="taken back, and debts repaid")
    liability: int = Field(
        description="held at the month's end: opening + earned - redeemed + given_back - expired"
        " - taken_back; in older versions at the time of the freeze"
    )
    on_hold: int | None = Field(default=None, description="of what is held: on hold for services")
    debts: int | None = Field(default=None, description="owed by riders; of the county only")


class PeopleShown(Answer):
    """Counts, never names; consents and erasures are the county's, null elsewhere."""

    riders: int
    consents: int | None
    consents_withdrawn: int | None
    erasures: int | None


class MonthShown(CaseCounts):
    """A month of an area, whole."""

    month: str
    area: AreaShown
    as_of: datetime
    running: bool
    frozen: FrozenShown | None
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
