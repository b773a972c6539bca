"""The shapes of what kinds are looked for with."""

from __future__ import annotations

from pydantic import Field

from grid_report.web.api.shapes import Answer


class KindWords(Answer):
    code: str
    words: list[str]
    seen: dict[str, int] = Field(
        description="in how many of a hundred accepted reports a letter of the words was"
    )


class KindWordsList(Answer):
    items: list[KindWords]
