"""From a request's values to frozen commands, or to everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Any, Final, TypeVar

from grid_report.errors import Invalid
from grid_report.languages import columns_by_language
from grid_report.offers.catalogue.commands import EditOffer, EditStation
from grid_report.offers.catalogue.hours import HoursUnreadable, parse_hours
from grid_report.offers.counter.commands import BookLine, Scan
from grid_report.offers.kinds import (
    TITLE,
    ForWhom,
    FreeService,
    OfferKind,
    OpensTo,
    Period,
    Picture,
)
from grid_report.offers.redemptions.commands import Redeem
from grid_report.offers.settlements.lifecycle import LineVerdict
from grid_report.places.geo.points import Point, parse_point
from grid_report.plain_characters import plain
from grid_report.web.text import clean, read_code, read_int, read_key, read_text

BIGGEST: Final = 2**63 - 1
WORDS_MOST: Final = 1000
MOST_POINTS: Final = 10_000
MOST_LINES: Final = 50

Kind = TypeVar("Kind", bound=StrEnum)


def read_redemption(
    values: Mapping[str, Any], *, key: Any, key_field: str, price_field: str = "price"
) -> Redeem:
    """Read which offer is taken, when and for whom. Raises Invalid naming every field at fault."""
    problems = Invalid()
    command = Redeem(
        key=read_key(key, key_field, problems),
        offer_id=_id(values, "offer", problems, needed=True) or 0,
        slot_id=_id(values, "slot", problems),
        for_whom=_one_of(values, "for", ForWhom, problems) or ForWhom.RIDER,
        guardian_consents=values.get("guardian") in ("1", True),
        price=read_int(values, price_field, 0, MOST_POINTS, problems),
    )
    problems.raise_if_any()
    return command


def _id(
    values: Mapping[str, Any], name: str, problems: Invalid, *, needed: bool = False
) -> int | None:
    raw = plain(values.get(name))
    if raw in (None, ""):
        if needed:
            problems.add(name, "field-needed")
        return None
    if isinstance(raw, str) and raw.isascii() and raw.isdecimal() and len(raw) < 20:
        raw = int(raw)
    if isinstance(raw, bool) or not isinstance(raw, int) or not 0 < raw <= BIGGEST:
        problems.add(name, "value-unknown")
        return None
    return raw


def _one_of(
    values: Mapping[str, Any], name: str, kind: type[Kind], problems: Invalid
) -> Kind | None:
    raw = values.get(name)
    if raw in (None, ""):
        return None
    try:
        return kind(clean(raw))
    except ValueError:
        problems.add(name, "value-unknown")
        return None


def _some_of(raw: Iterable[str], name: str, kind: type[Kind], problems: Invalid) -> frozenset[Kind]:
    try:
        return frozenset(kind(value) for value in raw)
    except ValueError:
        problems.add(name, "value-unknown")
        return frozenset()


def read_scan(values: Mapping[str, Any]) -> Scan:
    """Read what a station saw or typed: digits in any grouping, or a code's text. Raises Invalid."""
    problems = Invalid()
    qr = read_code(values, "qr", most=200, problems=problems)
    code = read_code(values, "code", most=200, problems=problems)
    digits = code.replace(" ", "").replace("-", "")
    if code and not (digits.isascii() and digits.isdecimal() and len(digits) == 6):
        # Who types the whole text of a QR code means the QR code.
        qr, digits = (code, "") if "." in code else (qr, "")
        if not qr:
            problems.add("code", "code-needed")
    if not qr and not digits and not problems.problems:
        problems.add("code", "code-needed")
    problems.raise_if_any()
    return Scan(qr=qr, digits="" if qr else digits)


def read_words(values: Mapping[str, Any], name: str = "words") -> str:
    """Read a few sentences. Raises Invalid."""
    problems = Invalid()
    words = read_text(values, name, most=WORDS_MOST, problems=problems)
    problems.raise_if_any()
    return words


def read_objection(values: Mapping[str, Any]) -> tuple[str, str]:
    """Read which line of a statement is questioned, and why. Raises Invalid."""
    problems = Invalid()
    ref = read_text(values, "ref", most=20, problems=problems, needed=True)
    words = read_text(values, "words", most=WORDS_MOST, problems=problems)
    if not words and "words" not in problems.problems:
        problems.add("words", "reason-missing")
    problems.raise_if_any()
    return ref, words


def read_verdict(values: Mapping[str, Any]) -> LineVerdict | None:
    """Read what becomes of a questioned line; None when nothing was chosen. Raises Invalid."""
    problems = Invalid()
    verdict = _one_of(values, "verdict", LineVerdict, problems)
    problems.raise_if_any()
    return verdict


def read_seen(values: Mapping[str, Any]) -> int | None:
    """Read the version a form was made from; None when there is none to speak of."""
    raw = plain(clean(values.get("version")))
    return int(raw) if raw.isascii() and raw.isdecimal() and len(raw) < 10 else None


def read_stars(values: Mapping[str, Any]) -> int:
    """Read how many stars. Raises Invalid."""
    problems = Invalid()
    stars = read_int(values, "stars", 1, 5, problems)
    if stars is None and not problems.problems:
        problems.add("stars", "answer-needed")
    problems.raise_if_any()
    return stars or 0


def read_near(values: Mapping[str, Any]) -> Point | None:
    """Read the place to look near, written `lat,lng`; None when there is none. Raises Invalid."""
    text = values.get("near")
    if not text:
        return None
    lat, _, lng = str(plain(text)).partition(",")
    try:
        return parse_point(lat, lng)
    except Invalid:
        raise Invalid.field("near", "position-unreadable") from None


def read_book(lines: Any, *, zone: tzinfo) -> list[BookLine]:
    """Read a station's book: a list of {nonce, at, qr or code}. Raises Invalid."""
    if not isinstance(lines, list) or not 1 <= len(lines) <= MOST_LINES:
        raise Invalid.field("lines", "book-lines-needed", most=MOST_LINES)
    found = []
    for line in lines:
        if not isinstance(line, Mapping):
            raise Invalid.field("lines", "value-unknown")
        nonce = clean(line.get("nonce"))
        at = read_instant(line.get("at"), zone)
        if not nonce or len(nonce) > 64 or at is None:
            raise Invalid.field("lines", "value-unknown")
        found.append(BookLine(nonce, at, read_scan(line)))
    return found


def read_instant(raw: Any, zone: tzinfo) -> datetime | None:
    """Read an instant; one without a zone was typed on a clock of the county. None: unreadable."""
    try:
        at = datetime.fromisoformat(str(plain(raw) or "").strip())
    except ValueError:
        return None
    if not 2000 <= at.year <= 2200:
        return None
    return at.replace(tzinfo=zone) if at.tzinfo is None else at


def _hours(values: Mapping[str, Any], problems: Invalid) -> str:
    text = read_code(values, "hours", most=200, problems=problems)
    try:
        parse_hours(text)
    except HoursUnreadable:
        problems.add("hours", "hours-unreadable")
    return text


def read_offer(
    values: Mapping[str, Any],
    whom: Iterable[str],
    provider_of: Mapping[str, str],
    *,
    photo: str | None,
    problems: Invalid,
) -> EditOffer:
    """Read an offer's form. `provider_of` names the provider of each station. Raises Invalid.

    `problems`: what is wrong with the photo is said together with everything else.
    """
    station = read_text(values, "station", most=20, problems=problems)
    if station not in provider_of:
        problems.add("station", "station-unknown")
    kind = _one_of(values, "kind", OfferKind, problems)
    if kind is None and "kind" not in problems.problems:
        problems.add("kind", "field-needed")
    picture = _one_of(values, "picture", Picture, problems) or Picture.GIFT
    audience = _some_of(whom, "for", ForWhom, problems)
    if not audience and "for" not in problems.problems:
        problems.add("for", "field-needed")
    points = read_int(values, "points", 0, MOST_POINTS, problems)
    if points is None and "points" not in problems.problems:
        problems.add("points", "field-needed")
    quota = read_int(values, "quota", 1, 1000, problems)
    period = _one_of(values, "quota_period", Period, problems)
    if quota is not None and period is None:
        problems.add("quota_period", "field-needed")
    stock = read_int(values, "stock", 0, 1_000_000, problems)
    if stock is not None and kind is not None and not kind.way.has_stock:
        problems.add("stock", "only-vouchers-have-stock")
    command = EditOffer(
        provider_code=provider_of.get(station, ""),
        station_code=station,
        kind=kind or OfferKind.VOUCHER,
        titles={
            code: read_text(values, it, most=TITLE.of(code), problems=problems, needed=True)
            for code, it in columns_by_language("title").items()
        },
        descriptions={
            code: read_text(values, it, most=2000, problems=problems)
            for code, it in columns_by_language("description").items()
        },
        picture=picture,
        points=points or 0,
        for_whom=audience,
        quota=quota,
        quota_period=period if quota is not None else None,
        stock=stock,
        hours=_hours(values, problems),
        valid_days=read_int(values, "valid_days", 1, 366, problems) or 14,
        cancel_minutes=read_int(values, "cancel_minutes", 0, 10_080, problems) or 0,
        noshow_percent=read_int(values, "noshow_percent", 0, 20, problems) or 0,
        needs=read_text(values, "needs", most=200, problems=problems),
        photo=photo,
        opens_to=_one_of(values, "opens_to", OpensTo, problems),
    )
    problems.raise_if_any()
    return command


def read_station(values: Mapping[str, Any], free: Iterable[str], *, code: str = "") -> EditStation:
    """Read a station's form; an existing one keeps its `code`. Raises Invalid."""
    problems = Invalid()
    point = Point(0, 0)
    try:
        point = parse_point(values.get("lat"), values.get("lng"))
    except Invalid as error:
        problems.problems.update(error.problems)
    if not code:
        code = _code(values, "code", problems)
    command = EditStation(
        code=code,
        provider_code=_code(values, "provider", problems),
        provider_name=read_text(values, "provider_name", most=80, problems=problems),
        community_code=read_text(values, "community", most=12, problems=problems, needed=True),
        name=read_text(values, "name", most=80, problems=problems, needed=True),
        address=read_text(values, "address", most=200, problems=problems),
        lat=point.lat,
        lng=point.lng,
        hours=_hours(values, problems),
        free_services=_some_of(free, "free_services", FreeService, problems),
        free_a_month=read_int(values, "free_a_month", 0, 1000, problems),
    )
    problems.raise_if_any()
    return command


def _code(values: Mapping[str, Any], name: str, problems: Invalid) -> str:
    code = read_code(values, name, most=20, problems=problems, needed=True)
    if code and not all(c.isascii() and (c.isalnum() or c == "-") for c in code):
        problems.add(name, "code-letters-only")
    return code


def read_slots(values: Mapping[str, Any], zone: tzinfo) -> tuple[list[datetime], int, int]:
    """Read days and times to offer: starts, minutes each, places each. Raises Invalid."""
    problems = Invalid()
    first = _day(values, "first_day", problems)
    last = _day(values, "last_day", problems) or first
    times = [
        part
        for part in read_code(values, "times", most=200, problems=problems)
        .replace("，", ",")
        .split(",")
        if part.strip()
    ]
    minutes = read_int(values, "minutes", 5, 1440, problems)
    capacity = read_int(values, "capacity", 1, 10_000, problems)
    for name, value in (("first_day", first), ("minutes", minutes), ("capacity", capacity)):
        if value is None and name not in problems.problems:
            problems.add(name, "field-needed")
    clocks = []
    for text in times:
        try:
            clocks.append(time.fromisoformat(text.strip().zfill(5)))
        except ValueError:
            problems.add("times", "times-unreadable")
            break
    if not times:
        problems.add("times", "field-needed")
    if first is not None and last is not None and not 0 <= (last - first).days <= 92:
        problems.add("last_day", "last-day-odd")
    problems.raise_if_any()
    assert first is not None
    assert last is not None
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    starts = [datetime.combine(day, clock, tzinfo=zone) for day in days for clock in clocks]
    return starts, minutes or 0, capacity or 0


def _day(values: Mapping[str, Any], name: str, problems: Invalid) -> date | None:
    text = plain(clean(values.get(name)))
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
        if not 2000 <= day.year <= 2200:
            raise ValueError(text)
    except ValueError:
        problems.add(name, "day-unreadable")
        return None
    return day
