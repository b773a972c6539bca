"""Which bytes of a file a request asks for, as RFC 9110 says it: one range, or else the whole."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Longer numbers are no place in any file, and no number for a database either.
_ONE_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})", re.ASCII)


@dataclass(frozen=True)
class Span:
    """Some bytes of a file: from the first to the last one, both included."""

    first: int
    last: int
    is_whole: bool = False

    @property
    def length(self) -> int:
        """How many bytes it is."""
        return self.last - self.first + 1


def asked_for(header: str | None, length: int) -> Span | None:
    """Return the bytes a Range header asks for; None where the file has none of them.

    What cannot be read, and several ranges at once, are asking for all of it: a server may always
    answer with the whole.
    """
    whole = Span(0, length - 1, is_whole=True)
    found = _ONE_RANGE.fullmatch((header or "").strip())
    if found is None or found[0] == "bytes=-":
        return whole
    first, last = found[1], found[2]
    if not first:
        wanted = int(last)
        return Span(max(length - wanted, 0), length - 1) if wanted else None
    if last and int(last) < int(first):
        return whole
    if int(first) >= length:
        return None
    return Span(int(first), min(int(last), length - 1) if last else length - 1)
