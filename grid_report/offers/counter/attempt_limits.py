"""How many wrong codes a station may try, and a voucher bear, in an hour."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Final

from grid_report.errors import TooMany

WINDOW: Final = timedelta(hours=1)
WRONG_A_VOUCHER: Final = 5
WRONG_A_STATION: Final = 10


def refuse_more(wrong: int, most: int, oldest: datetime | None, now: datetime) -> None:
    """Refuse a try after too many wrong ones within the hour. Raises TooMany."""
    if wrong < most or oldest is None:
        return
    left_s = (oldest + WINDOW - now).total_seconds()
    raise TooMany(retry_after_s=max(1, math.ceil(left_s)))
