"""Keyset paging: an opaque cursor holding where the last page ended. Never OFFSET."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from grid_report.errors import Invalid
from grid_report.plain_characters import plain

T = TypeVar("T")

DEFAULT_LIMIT = 50
MAX_LIMIT = 200


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a list, and the cursor of the next one if there is more."""

    items: Sequence[T]
    next: str | None


def pack(*values: Any) -> str:
    """Turn the sort key of a page's last row into a cursor."""
    raw = json.dumps(values, separators=(",", ":"), default=str).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unpack(cursor: str | None, length: int) -> list[Any] | None:
    """Read a cursor of so many values; None for the first page. Raises Invalid."""
    if not cursor:
        return None
    try:
        raw = base64.b64decode(
            cursor.encode("ascii") + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True
        )
        values = json.loads(raw)
    except (ValueError, binascii.Error, UnicodeError, RecursionError):
        values = None
    if not isinstance(values, list) or len(values) != length:
        raise Invalid.field("cursor", "cursor-unreadable")
    return values


BIGGEST_ID = 2**63 - 1


def unpack_id(cursor: str | None) -> int | None:
    """Read a cursor that is the id of the last row shown. Raises Invalid."""
    values = unpack(cursor, 1)
    if values is None:
        return None
    if type(values[0]) is not int or not 0 <= values[0] <= BIGGEST_ID:
        raise Invalid.field("cursor", "cursor-unreadable")
    return values[0]


def read_limit(text: str | None) -> int:
    """Read how many rows a page shall hold. Raises Invalid."""
    if text is None or text == "":
        return DEFAULT_LIMIT
    text = plain(text).strip()
    # Cut first: leading zeros may go on for ever, and Python refuses to read a giant number.
    digits = text.lstrip("0")[:6] if text.isascii() and text.isdecimal() else ""
    if not digits or int(digits) > MAX_LIMIT:
        raise Invalid.field("limit", "limit-out-of-range", most=MAX_LIMIT)
    return int(digits)
