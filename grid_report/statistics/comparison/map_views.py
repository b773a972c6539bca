"""A month on the map: which shade each community has, and the same for the eleven months before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from grid_report.clock import Month
from grid_report.places.boundaries import drawing
from grid_report.places.boundaries.drawing import Outline
from grid_report.places.geo.reference import Reference
from grid_report.rates import Rate
from grid_report.settings import County
from grid_report.statistics.comparison import shades
from grid_report.statistics.comparison.batch_queries import read_spread
from grid_report.statistics.comparison.shades import Shade
from grid_report.statistics.counts import areas as counts_areas
from grid_report.statistics.counts.areas import Area
from grid_report.statistics.counts.queries import EMPTY, Figures
from grid_report.statistics.measures import RATES, RULES, Measure, RateName

MONTHS: Final = 12
# Sizes of labels in the drawing's units: read on a desk, and on a phone a third as wide.
SMALL, LARGE = 17, 32

Shown = Measure | RateName
SHOWN: Final[Mapping[str, Shown]] = {str(it): it for it in (*shades.COUNTS, *shades.RATES)}


@dataclass(frozen=True)
class Spot:
    """One community in one month: a count, or a rate as its fraction; and its shade."""

    area: Area
    number: int
    rate: Rate | None
    shade: Shade | None = None

    @property
    def value(self) -> float | None:
        """What the shade is chosen by; None where the base is too small to say."""
        if self.rate is None:
            return self.number
        return float(self.rate.text) if self.rate.text else None

    @property
    def text(self) -> str:
        """The value as it is printed; '' where there is none."""
        if self.rate is None:
            return str(self.number)
        return "" if self.value is None else f"{self.value:.1f} %"


@dataclass(frozen=True)
class Label:
    """What is written on an outline: on a desk, and on a phone; '' where nothing fits."""

    value: str
    has_name: bool
    on_phone: str


@dataclass(frozen=True)
class Map:
    """Everything the page of a map shows. `months` are oldest first, the last is the one shown."""

    measure: Shown
    drawing: drawing.Drawing | None
    shapes: Sequence[tuple[Outline, Spot, Label]]
    months: Sequence[tuple[Month, Sequence[Spot]]]
    classes: Sequence[tuple[Shade, int]]
    unsaid: int
    versions: Mapping[str, int]
    # By which rules frozen months were counted, where those are not today's.
    older: Mapping[str, int]

    @property
    def is_rate(self) -> bool:
        """Tell whether a rate is shown."""
        return isinstance(self.measure, RateName)

    @property
    def spots(self) -> Sequence[Spot]:
        """The communities of the month shown, the highest value first."""
        here = self.months[-1][1]
        return sorted(here, key=lambda it: (it.value is None, -(it.value or 0), it.area.code))


def read_map(
    month: Month, area: Area, measure: Shown, *, places: Reference, county: County, now: datetime
) -> Map:
    """Return an area's communities on the map for a month and the eleven before, in one scale."""
    inside = [
        it
        for it in counts_areas.communities(places)
        if it.code in counts_areas.members_of(area, places)
    ]
    months = [month.plus(n) for n in range(1 - MONTHS, 1)]
    needed = (
        (RATES[measure].numerator, RATES[measure].denominator)
        if isinstance(measure, RateName)
        else (measure,)
    )
    found, versions = read_spread(
        months, [it.code for it in inside], county=county, now=now, measures=needed
    )
    by_month = [
        (it, [_spot(one, found.get((str(it), one.code), EMPTY), measure) for one in inside])
        for it in months
    ]
    classes = shades.shades(
        spot.value for _, spots in by_month for spot in spots if spot.value is not None
    )
    shaded = [(it, [_shaded(spot, classes) for spot in spots]) for it, spots in by_month]
    here = {spot.area.code: spot for spot in shaded[-1][1]}
    drawn = drawing.draw(
        [it for it in places.areas if it.community_code in here], places.communities
    )
    return Map(
        measure=measure,
        drawing=drawn,
        shapes=[
            (outline, here[outline.code], _label(outline, here[outline.code]))
            for outline in (drawn.outlines if drawn else ())
        ],
        months=shaded,
        classes=[(it, sum(spot.shade == it for spot in here.values())) for it in classes],
        unsaid=sum(spot.shade is None for spot in here.values()),
        versions=versions,
        older={month: it.rules for (month, _), it in found.items() if it.rules != RULES},
    )


def _spot(area: Area, figures: Figures, measure: Shown) -> Spot:
    if isinstance(measure, RateName):
        rate = figures.rate(measure)
        return Spot(area, rate.numerator, rate)
    return Spot(area, figures.count(measure), None)


def _shaded(spot: Spot, classes: Sequence[Shade]) -> Spot:
    return Spot(spot.area, spot.number, spot.rate, shades.shade_of(spot.value, classes))


def _label(outline: Outline, spot: Spot) -> Label:
    room = outline.label_room
    # Whole percents on a phone; the list has the rest.
    short = spot.text if spot.rate is None else "" if spot.value is None else f"{spot.value:.0f}"
    return Label(
        value=spot.text if spot.text and shades.fits(spot.text, SMALL, room) else "",
        has_name=shades.fits(outline.name, SMALL, room, lines=2),
        on_phone=short if short and shades.fits(short, LARGE, room) else "",
    )


def shared(page: Map) -> dict[str, Any]:
    """Return what the page says in words: the most, and how many have nothing."""
    spots = [it for it in page.spots if it.value is not None]
    return {
        "most": [it for it in spots if it.value][:3],
        "least": spots[-1] if page.is_rate and len(spots) > 1 else None,
        "nothing": sum(it.value == 0 for it in spots),
    }
