"""What templates may ask for: times in the county's zone, and who is looking."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache
from typing import Any, Final

from babel.dates import format_date, format_datetime
from flask import Flask, has_request_context, request, url_for
from flask_babel import get_locale
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup

from grid_report import clock
from grid_report.access import allowed
from grid_report.clock import Month
from grid_report.languages import LANGUAGES, Language, columns_by_language, following, written
from grid_report.web.context import (
    TEXT_SIZES,
    THEMES,
    actor_or_none,
    keeper,
    language,
    settings,
    wiring,
)

_HERE_AND_NOW: Final = "grid_report.here_and_now"


def local(at: datetime) -> datetime:
    """Move an instant to the county's zone."""
    return at.astimezone(settings().county.tz)


_LANGUAGE_CHOICES: Final = [{"value": code, "label": it.own_name} for code, it in LANGUAGES.items()]


def today() -> date:
    """Return the day it is in the county."""
    return local(clock.now()).date()


def _here_and_now() -> tuple[tzinfo, date, Language]:
    # Asked for by every instant of a page, hundreds of times; the same for all of them.
    if not has_request_context():
        return settings().county.tz, today(), LANGUAGES[language()]
    environ = request.environ
    if _HERE_AND_NOW not in environ:
        environ[_HERE_AND_NOW] = settings().county.tz, today(), LANGUAGES[language()]
    found: tuple[tzinfo, date, Language] = environ[_HERE_AND_NOW]
    return found


def show_time(at: datetime | None) -> str:
    """Write an instant the short way: the clock today, the day otherwise, the year if not this."""
    if at is None:
        return ""
    zone, today, _ = _here_and_now()
    then = at.astimezone(zone)
    return f"{then:%H:%M}" if then.date() == today else show_dated_time(at)


def show_dated_time(at: datetime | None) -> str:
    """Write an instant with its day, also today's: for columns in which days differ."""
    if at is None:
        return ""
    zone, today, spoken = _here_and_now()
    then = at.astimezone(zone)
    is_this_year = then.year == today.year
    plain = spoken.plain_day_this_year if is_this_year else spoken.plain_day
    if plain:
        # Numbers only: the catalogue of a locale's names costs more than all else of a row.
        return f"{plain.format(then)} {then:%H:%M}"
    pattern = "d MMM HH:mm" if is_this_year else "d MMM y HH:mm"
    return format_datetime(then, pattern, locale=get_locale(), tzinfo=then.tzinfo)


def show_clock(at: datetime | None) -> str:
    """Write only the clock of an instant; the day stands beside it."""
    return local(at).strftime("%H:%M") if at else ""


def show_full_time(at: datetime | None) -> str:
    """Write an instant in full."""
    return local(at).strftime("%Y-%m-%d %H:%M") if at else ""


def show_day(day: date | datetime | None) -> str:
    """Write a day."""
    if day is None:
        return ""
    if isinstance(day, datetime):
        day = local(day).date()
    plain = LANGUAGES[language()].plain_day
    if plain:
        return plain.format(day)
    return format_date(day, "d MMM y", locale=get_locale())


def show_weekday(at: datetime | None) -> str:
    """Write the day of the week, for beside the day."""
    return format_date(local(at).date(), "EEE", locale=get_locale()) if at else ""


def show_month(month: Month | str | None) -> str:
    """Write a month; `YYYY-MM` is read as one."""
    if not month:
        return ""
    found = Month.parse(month) if isinstance(month, str) else month
    return format_date(
        date(found.year, found.number, 1),
        LANGUAGES[language()].month,
        locale=get_locale(),
    )


def machine_time(at: datetime | None) -> str:
    """Write an instant for `<time datetime>`."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else ""


def days_hours_minutes(seconds: float) -> tuple[int, int, int]:
    """Split a span of time, whichever way it runs; below a minute it is one minute."""
    hours, minutes = divmod(max(int(abs(seconds)) // 60, 1), 60)
    days, hours = divmod(hours, 24)
    return days, hours, minutes


def from_iso(text: str | None) -> datetime | None:
    """Read an instant out of a message's facts."""
    return datetime.fromisoformat(text) if text else None


def day_from_iso(text: str | None) -> date | None:
    """Read a day out of a history row's facts."""
    return date.fromisoformat(text) if text else None


def county_name() -> str:
    """Return the county's name in the reader's language."""
    return by_language(settings().county, "name")


def address(endpoint: str, **values: Any) -> str:
    """Return the address of a page, as `url_for` does; that of a page without values is kept.

    It depends on where the site is mounted and on nothing else, and a page links to twenty.
    """
    if values or not request or endpoint.startswith("."):
        return url_for(endpoint, **values)
    return _address(request.script_root, endpoint)


@lru_cache(maxsize=256)
def _address(_root: str, endpoint: str) -> str:
    return url_for(endpoint)


def by_language(it: object, field: str) -> str:
    """Choose among the texts administrators wrote, one a language, that of the reader."""
    return written(it, field, language())


def new_key() -> str:
    """Make the key of a form, so that sending it twice does it once."""
    return str(uuid.uuid4())


def csrf_field() -> Markup:
    """Write the hidden field every form carries."""
    return _csrf_field(generate_csrf())


@lru_cache(maxsize=4)  # a page has one token and many forms
def _csrf_field(token: str) -> Markup:
    return Markup('<input type="hidden" name="csrf_token" value="{}">').format(token)


def may(permission: str, it: Any = None) -> bool:
    """Ask a permission by its name, from a template. Raises KeyError when there is none."""
    actor = actor_or_none()
    return actor is not None and allowed(actor, wiring().permissions[permission], it)


def _cookie(name: str, allowed_values: tuple[str, ...]) -> str:
    value = request.cookies.get(name, "")
    return value if value in allowed_values else allowed_values[0]


def init_app(app: Flask) -> None:
    """Offer filters and shared values to every template."""
    app.jinja_env.filters.update(
        show_time=show_time,
        show_dated_time=show_dated_time,
        show_clock=show_clock,
        show_full_time=show_full_time,
        show_day=show_day,
        show_month=show_month,
        show_weekday=show_weekday,
        machine_time=machine_time,
        from_iso=from_iso,
        day_from_iso=day_from_iso,
        days_hours_minutes=days_hours_minutes,
    )
    app.jinja_env.globals.update(
        csrf_field=csrf_field,
        may=may,
        now=clock.now,
        today=today,
        county_name=county_name,
        url_for=address,
        new_key=new_key,
        columns_by_language=columns_by_language,
        by_language=by_language,
    )

    @app.context_processor
    def shared() -> dict[str, Any]:
        return {
            "actor": actor_or_none(),
            "language": language(),
            "html_lang": LANGUAGES[language()].html,
            "languages": LANGUAGES,
            "next_language": following(language()),
            "language_choices": _LANGUAGE_CHOICES,
            "theme": _cookie("theme", THEMES),
            "text_size": _cookie("text", TEXT_SIZES),
            "county": settings().county,
            "demo_enabled": settings().demo.enabled,
            "unread": _unread,
            "keeper": keeper(),
            "shell": False,
            "phone_side": settings().photos.phone_side,
            "here": request.full_path.rstrip("?") if request else "/",
        }


def _unread() -> int:
    actor = actor_or_none()
    return wiring().unread_count(actor.member_id) if actor else 0
