"""The four families of refusal, and the two that are nobody's fault.

An error carries a code and facts. The sentence a person reads is in `templates/words/errors.txt`,
one macro a code; `web/http/problems.py` decides the HTTP status. Nothing here knows about either.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, ClassVar, Self


class GridReportError(Exception):
    """Anything this program refuses on purpose."""

    code: ClassVar[str] = "error"

    @property
    def facts(self) -> dict[str, Any]:
        """What the sentence for this code may mention."""
        return {f.name: getattr(self, f.name) for f in fields(self)} if is_dataclass(self) else {}


class NotFound(GridReportError):
    """Absent, or not visible to the one who asks: the two look alike from outside."""

    code: ClassVar[str] = "not-found"


class Forbidden(GridReportError):
    """Present and visible, but not for this member to do."""

    code: ClassVar[str] = "forbidden"


class Conflict(GridReportError):
    """Right in itself, but not in the state things are in now."""

    code: ClassVar[str] = "conflict"


@dataclass(eq=False)
class FieldProblem:
    """One thing wrong with one field: a code for the sentence, and its facts."""

    code: str
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(eq=False)
class Invalid(GridReportError):
    """What was sent cannot be understood or is out of bounds. Names every field at fault."""

    code: ClassVar[str] = "invalid"
    problems: dict[str, list[FieldProblem]] = field(default_factory=dict)

    @classmethod
    def field(cls, name: str, code: str, **facts: Any) -> Self:
        """Make the error for a single field."""
        return cls({name: [FieldProblem(code, facts)]})

    def add(self, name: str, code: str, **facts: Any) -> None:
        """Note one more problem, so that a form can show all of them at once."""
        self.problems.setdefault(name, []).append(FieldProblem(code, facts))

    def raise_if_any(self) -> None:
        """Raise this error when at least one problem was noted."""
        if self.problems:
            raise self


@dataclass(eq=False)
class TooMany(GridReportError):
    """A rate limit. Becomes 429 with Retry-After."""

    code: ClassVar[str] = "too-many"
    retry_after_s: int


@dataclass(eq=False)
class Busy(GridReportError):
    """The database stayed locked through every retry. Becomes 503 with Retry-After."""

    code: ClassVar[str] = "busy"
    retry_after_s: int = 2


@dataclass(eq=False)
class TooLarge(GridReportError):
    """The body or one file in it is over the limit. Becomes 413."""

    code: ClassVar[str] = "too-large"
    limit_mb: int


@dataclass(eq=False)
class Stale(Conflict):
    """Somebody else changed the thing since it was looked at."""

    code: ClassVar[str] = "stale"
    seen: int
    current: int
