"""What people type, made safe to keep: no control characters, no half letters, a length."""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Mapping
from typing import Any

from grid_report.clock import Month
from grid_report.errors import Invalid, NotFound
from grid_report.plain_characters import plain

KEPT_CONTROLS = {"\n", "\t"}


def clean(value: Any) -> str:
    """Return text as a person meant it.

    Drops control characters, lone surrogates (a database refuses them) and the invisible marks
    that turn the reading direction around; joins letters and their accents.
    """
    if not isinstance(value, str):
        return ""
    text = unicodedata.normalize("NFC", value.replace("\r\n", "\n").replace("\r", "\n"))
    return "".join(c for c in text if c in KEPT_CONTROLS or not _is_unwanted(c)).strip()


def month_in_address(text: str) -> Month:
    """Return the month an address names; one that is none names no page. Raises NotFound."""
    try:
        return Month.parse(text)
    except Invalid:
        raise NotFound from None


def _is_unwanted(character: str) -> bool:
    return (
        unicodedata.category(character) in ("Cc", "Cs")
        or character in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    )


def _is_seen(character: str) -> bool:
    """Tell whether a character leaves a mark: a title of none would be a link nobody can see."""
    return not character.isspace() and unicodedata.category(character) != "Cf"


def read_text(
    values: Mapping[str, Any], name: str, *, most: int, problems: Invalid, needed: bool = False
) -> str:
    """Read a text field; notes a problem when it is too long, missing or no text at all."""
    raw = values.get(name)
    if raw is not None and not isinstance(raw, str):
        problems.add(name, "value-unknown")
        return ""
    text = clean(raw or "")
    if len(text) > most:
        problems.add(name, "text-too-long", most=most)
    elif needed and not any(map(_is_seen, text)):
        problems.add(name, "field-needed")
    return text


def read_code(
    values: Mapping[str, Any], name: str, *, most: int, problems: Invalid, needed: bool = False
) -> str:
    """Read a code, a number plate, a card's number: typed in whatever width, kept plain."""
    plainly = {name: plain(values.get(name))}
    return read_text(plainly, name, most=most, problems=problems, needed=needed)


def read_key(value: Any, name: str, problems: Invalid) -> str:
    """Read an idempotency key in its one canonical spelling; a missing one is made here."""
    if value in (None, ""):
        return str(uuid.uuid4())
    try:
        return str(uuid.UUID(str(value).strip()))
    except ValueError:
        problems.add(name, "key-unreadable")
        return ""


def read_int(
    values: Mapping[str, Any], name: str, low: int, high: int, problems: Invalid
) -> int | None:
    """Read a whole number in bounds; None when absent."""
    raw = plain(values.get(name))
    if raw in (None, ""):
        return None
    if isinstance(raw, str) and raw.strip().removeprefix("-").isdecimal() and len(raw) < 12:
        raw = int(raw)
    if not isinstance(raw, int) or isinstance(raw, bool) or not low <= raw <= high:
        problems.add(name, "number-out-of-range", low=low, high=high)
        return None
    return raw
