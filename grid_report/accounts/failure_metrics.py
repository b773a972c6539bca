"""Failed sign-ins, countable in the log and in the figures; never with a number or a name."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar

from prometheus_client import Counter

from grid_report.accounts.errors import MemberSuspended, WrongCode, WrongPassword
from grid_report.errors import GridReportError, TooMany
from grid_report.web.http import metrics  # noqa: F401 - before the first figure is made

logger = logging.getLogger(__name__)

FAILED: Final = Counter("grid_report_failed_sign_ins_total", "Failed sign-ins", ["way", "reason"])
# What is refused, and what it is called. A field badly filled is no try.
REASONS: Final = (
    (WrongPassword, "wrong-password"),
    (WrongCode, "wrong-code"),
    (TooMany, "too-many"),
    (MemberSuspended, "suspended"),
)

P = ParamSpec("P")
R = TypeVar("R")


def counted(way: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Have a way of signing in leave a line and a count for each try it refuses."""

    def around(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def run(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                return function(*args, **kwargs)
            except GridReportError as error:
                reason = next((said for kind, said in REASONS if isinstance(error, kind)), None)
                if reason is not None:
                    FAILED.labels(way, reason).inc()
                    logger.warning("sign-in failed", extra={"way": way, "reason": reason})
                raise

        return run

    return around
