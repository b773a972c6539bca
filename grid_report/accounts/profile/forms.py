"""Requests turned into what the use cases take. Fields that are not read here do not exist."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from werkzeug.datastructures import MultiDict

from grid_report.access import Grant
from grid_report.access.roles import HELD_AT, Role
from grid_report.accounts import entries
from grid_report.accounts.consent_kinds import ConsentKind
from grid_report.accounts.members import place_names
from grid_report.accounts.queries import MemberFilter
from grid_report.errors import Invalid
from grid_report.web.text import read_text

REASON_MOST = 200

Form = MultiDict[str, str]


def text(form: Form, name: str, most: int = 200) -> str:
    """Return a field as it was typed, cut to a length nobody types by hand."""
    return form.get(name, "")[:most].strip()


def secret(form: Form, name: str) -> str:
    """Return a password field: spaces at its ends belong to it."""
    return form.get(name, "")[:1000]


@dataclass(frozen=True)
class SignUp:
    """What a guest says about themselves to become a rider."""

    phone: str
    name: str
    password: str = field(repr=False)
    consents: frozenset[ConsentKind]
    notice_version: str
    is_16: bool

    @classmethod
    def read(cls, form: Form) -> SignUp:
        """Read the sign-up form."""
        return cls(
            phone=text(form, "phone"),
            name=text(form, "name"),
            password=secret(form, "password"),
            consents=consents(form),
            notice_version=text(form, "notice_version", 20),
            is_16=bool(form.get("is_16")),
        )


def consents(form: Form) -> frozenset[ConsentKind]:
    """Read which consent boxes are ticked."""
    return frozenset(kind for kind in ConsentKind if form.get(f"consent_{kind.value}"))


def consent_kind(value: Any) -> ConsentKind:
    """Read which consent is meant. Raises Invalid naming `kind`."""
    try:
        return ConsentKind(str(value))
    except ValueError:
        raise Invalid.field("kind", "value-unknown") from None


def typed(form: Form) -> dict[str, str]:
    """Return what to show again in a refused form: everything but secrets."""
    hidden = {"password", "current", "new", "code", "csrf_token"}
    return {name: value[:200] for name, value in form.items() if name not in hidden}


def grant(form: Form) -> Grant:
    """Read a role and its place; where there is only one such place, it need not be chosen.

    Raises Invalid.
    """
    read = entries.read_grant(text(form, "role", 20), text(form, "place", 20))
    kind = HELD_AT[read.role]
    if kind and not read.place and len(place_names.names(kind)) == 1:
        return Grant(read.role, next(iter(place_names.names(kind))))
    return read


def member_filter(args: Mapping[str, Any]) -> MemberFilter:
    """Read what to look for in the member list; an unknown role looks for nothing special."""
    role = str(args.get("role", ""))
    return MemberFilter(
        q=str(args.get("q", "")).replace("\x00", "")[:60].strip(),
        role=Role(role) if role in set(Role) else None,
        place=str(args.get("place", "")).replace("\x00", "")[:20].strip(),
    )


def cursor(args: Mapping[str, Any]) -> int | None:
    """Read where the last page ended. Raises Invalid."""
    given = str(args.get("cursor", ""))
    if not given:
        return None
    if not given.isascii() or not given.isdecimal() or len(given) > 18:
        raise Invalid.field("cursor", "cursor-unreadable")
    return int(given)


def reason(values: Mapping[str, str]) -> str:
    """Read why something is done to a member. Raises Invalid."""
    problems = Invalid()
    words = read_text(values, "reason", most=REASON_MOST, problems=problems)
    problems.raise_if_any()
    return words
