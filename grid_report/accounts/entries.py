"""What people may type into their account, checked without asking the database."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable

from grid_report.access import Grant
from grid_report.access.roles import HELD_AT, PlaceKind, Role
from grid_report.accounts import passwords, phones
from grid_report.errors import Invalid
from grid_report.plain_characters import plain

LONGEST_NAME = 60

# Control characters, marks that turn the writing direction, and halves of a character.
_UNWANTED = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)

PlaceExists = Callable[[PlaceKind, str], bool]


def read_name(text: str, problems: Invalid) -> str:
    """Return a name fit to print, noting what is wrong with it."""
    name = " ".join(_UNWANTED.sub(" ", unicodedata.normalize("NFC", text)).split())
    if not name:
        problems.add("name", "name-missing")
    elif len(name) > LONGEST_NAME:
        problems.add("name", "name-too-long", most=LONGEST_NAME)
    return name


def read_phone(text: str, problems: Invalid) -> str:
    """Return a number's eleven digits, noting what is wrong with it."""
    try:
        return phones.normalise(text)
    except Invalid as error:
        problems.problems.update(error.problems)
        return ""


def read_code(text: str) -> str:
    """Return the six digits of a code, however a keyboard wrote them. Raises Invalid."""
    digits = re.sub(r"\s", "", plain(text[:32]))
    if not re.fullmatch(r"[0-9]{6}", digits):
        raise Invalid.field("code", "sms-code-unreadable")
    return digits


def read_known_by(text: str) -> str:
    """Return the name or the digits somebody shows at a counter."""
    return " ".join(_UNWANTED.sub(" ", plain(text[:100])).split())


def check_password(
    password: str, problems: Invalid, *, phone: str | None, field: str = "password"
) -> None:
    """Note why a password is not good enough."""
    problem = passwords.problem_with(password, phone)
    if problem:
        problems.problems.setdefault(field, []).append(problem)


def check_grants(grants: Iterable[Grant], problems: Invalid, *, place_exists: PlaceExists) -> None:
    """Note roles at places that are not there or not of the right kind."""
    for grant in grants:
        kind = HELD_AT[grant.role]
        if kind is None:
            if grant.place:
                problems.add("place", "role-needs-no-place")
        elif not grant.place:
            problems.add("place", "role-needs-place")
        elif not place_exists(kind, grant.place):
            problems.add("place", "place-unknown")


def read_grant(role: str, place: str) -> Grant:
    """Read a role and the place it is to be held at. Raises Invalid."""
    try:
        known = Role(role)
    except ValueError:
        raise Invalid.field("role", "role-unknown") from None
    return Grant(known, (place.strip()[:20] or None) if HELD_AT[known] else None)
