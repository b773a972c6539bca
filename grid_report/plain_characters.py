"""Numbers and codes as they were typed, on any keyboard.

A Chinese keyboard types full-width digits, letters, dashes, colons and spaces. Whatever is read as
a number, a date or a code goes through `plain` first; names and sentences never do.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any, Final

# Every dash people type for a hyphen or a minus, and the full stop that stands for a point.
_SPELLINGS: Final = str.maketrans(
    {**dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u30fc\u00ad", "-"), "\u3002": "."}
)
# What keyboards and address books leave between characters without a mark.
_UNSEEN: Final = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060\ufeff]")


def plain(value: Any) -> Any:
    """Return a typed number or code in the plain characters it stands for; other values as is."""
    if not isinstance(value, str) or value.isascii():
        return value
    return _UNSEEN.sub("", unicodedata.normalize("NFKC", value).translate(_SPELLINGS))
