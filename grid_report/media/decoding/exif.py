"""What a camera wrote about time and place: read once for flags, then dropped.

Every value is hostile: any of them may be absent, of another type, infinite or nonsense, and then
it simply was not written.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

ORIENTATION = 0x0112
_PHOTO_IFD, _GPS_IFD = 0x8769, 0x8825
_TAKEN, _DIGITIZED = 0x9003, 0x9004
_OFFSET_TAKEN, _OFFSET_DIGITIZED = 0x9011, 0x9012
_LAT_REF, _LAT, _LNG_REF, _LNG = 1, 2, 3, 4


class Exif(Protocol):
    """What is needed of Pillow's Exif."""

    def get_ifd(self, tag: int) -> Mapping[int, Any]: ...


def taken_at(exif: Exif) -> tuple[datetime, int | None] | None:
    """Return when the shutter went, local to the camera, and its minutes east of UTC if known."""
    try:
        ifd = exif.get_ifd(_PHOTO_IFD)
        for moment, offset in ((_TAKEN, _OFFSET_TAKEN), (_DIGITIZED, _OFFSET_DIGITIZED)):
            found = _moment(ifd.get(moment))
            if found:
                return found, _offset_min(ifd.get(offset))
    except Exception:  # a parser of hostile metadata may raise anything; the pixels still count
        return None
    return None


def position(exif: Exif) -> tuple[float, float] | None:
    """Return latitude and longitude in WGS-84 degrees, or None when there is no believable one."""
    try:
        ifd = exif.get_ifd(_GPS_IFD)
        lat = _degrees(ifd.get(_LAT), ifd.get(_LAT_REF), "N", "S", 90)
        lng = _degrees(ifd.get(_LNG), ifd.get(_LNG_REF), "E", "W", 180)
    except Exception:  # as above
        return None
    # Cameras without a fix write zeros.
    if lat is None or lng is None or (lat == 0 and lng == 0):
        return None
    return lat, lng


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        value = value.decode("ascii", "replace")
    return value.strip("\0 ") if isinstance(value, str) else ""


def _moment(value: Any) -> datetime | None:
    found = re.fullmatch(r"(\d{4})[:-](\d\d)[:-](\d\d)[ T](\d\d):(\d\d):(\d\d)", _text(value), re.A)
    # Outside these years it is a camera that lost its clock.
    if not found or not 1990 <= int(found[1]) <= 2099:
        return None
    try:
        return datetime.fromisoformat("{}-{}-{}T{}:{}:{}".format(*found.groups()))
    except ValueError:
        return None


def _offset_min(value: Any) -> int | None:
    found = re.fullmatch(r"([+-])(\d\d):(\d\d)", _text(value), re.A)
    if not found:
        return None
    minutes = int(found[2]) * 60 + int(found[3])
    return None if minutes > 14 * 60 else (-minutes if found[1] == "-" else minutes)


def _degrees(parts: Any, ref: Any, plus: str, minus: str, most: int) -> float | None:
    sign = {plus: 1, minus: -1}.get(_text(ref).upper())
    if sign is None or not isinstance(parts, tuple | list) or not 1 <= len(parts) <= 3:
        return None
    numbers = [float(part) for part in parts] + [0.0, 0.0]
    degrees, minutes, seconds = numbers[:3]
    whole = degrees + minutes / 60 + seconds / 3600
    believable = (
        all(math.isfinite(number) and number >= 0 for number in numbers)
        and minutes <= 60
        and seconds <= 60
        and whole <= most
    )
    return sign * whole if believable else None
