"""Put typed words back into the form of a page. Pure.

Works on the page's text, so that every form of every page can have its words back without knowing
of it. Hidden fields (tokens, keys, versions) and passwords stay as the page has them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from html.parser import HTMLParser
from typing import Final
from urllib.parse import urlsplit

Attributes = list[tuple[str, str | None]]

_TYPED: Final = frozenset(
    {"text", "search", "tel", "url", "email", "number", "date", "time", "datetime-local", "month"}
)
_CHOSEN: Final = frozenset({"radio", "checkbox"})


def fill(page: str, action: str, at: str, values: Mapping[str, Sequence[str]]) -> str | None:
    """Return the page with the values in its first form that posts to `action`; None without one.

    `at` is the page's own path: a form without an action posts there.
    """
    found = _Filler(page, action, at, values)
    found.feed(page)
    found.close()
    if not found.seen:
        return None
    for start, end, text in sorted(found.edits, reverse=True):
        page = page[:start] + text + page[end:]
    return page


class _Filler(HTMLParser):
    """Notes what to change in the one form: (from, to, the new text)."""

    def __init__(
        self, page: str, action: str, at: str, values: Mapping[str, Sequence[str]]
    ) -> None:
        super().__init__(convert_charrefs=False)
        self.action, self.at, self.values = action, at, values
        self.seen, self.edits = False, []  # type: bool, list[tuple[int, int, str]]
        self._inside = False
        self._folds: list[tuple[int, str, bool]] = []
        self._select: str | None = None
        self._textarea: tuple[str, int] | None = None
        self._starts = [0]
        for line in page.split("\n"):
            self._starts.append(self._starts[-1] + len(line) + 1)

    def _here(self) -> int:
        line, column = self.getpos()
        return self._starts[line - 1] + column

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        """Look at one tag."""
        given = dict(attrs)
        start, text = self._here(), self.get_starttag_text() or ""
        if tag == "details":
            self._folds.append((start, text, "open" in given))
        elif tag == "form" and not self.seen and self._is_ours(given):
            self.seen = self._inside = True
            for fold, its_text, is_open in self._folds:
                # Whatever the words stand in is opened, or nobody would see them.
                if not is_open:
                    self.edits.append((fold, fold + len(its_text), its_text[:-1] + " open>"))
        elif self._inside and tag == "input":
            self._input(given, start, text)
        elif self._inside and tag == "textarea" and given.get("name") in self.values:
            self._textarea = (str(given["name"]), start + len(text))
        elif self._inside and tag == "select":
            self._select = given.get("name") if given.get("name") in self.values else None
        elif self._inside and tag == "option" and self._select:
            chosen = given.get("value", "") in self.values[self._select]
            self._mark(start, text, given, "selected", on=chosen)

    def handle_endtag(self, tag: str) -> None:
        """Close what was open."""
        if tag == "details" and self._folds:
            self._folds.pop()
        elif tag == "form":
            self._inside = False
        elif tag == "select":
            self._select = None
        elif tag == "textarea" and self._textarea:
            name, start = self._textarea
            # A line break right after the tag is dropped by browsers: it needs one of its own.
            self.edits.append((start, self._here(), "\n" + escape(self.values[name][0])))
            self._textarea = None

    def _is_ours(self, given: Mapping[str, str | None]) -> bool:
        to = urlsplit(given.get("action") or "").path or self.at
        return (given.get("method") or "").lower() == "post" and to == self.action

    def _input(self, given: Mapping[str, str | None], start: int, text: str) -> None:
        name, kind = given.get("name") or "", (given.get("type") or "text").lower()
        if kind in _CHOSEN and (name in self.values or kind == "checkbox"):
            on = (given.get("value") or "on") in self.values.get(name, ())
            self._mark(start, text, given, "checked", on=on)
        elif kind in _TYPED and name in self.values:
            bare = _without(text, "value")
            value = f' value="{escape(self.values[name][0])}">'
            self.edits.append((start, start + len(text), bare.rstrip("/> ") + value))

    def _mark(
        self, start: int, text: str, given: Mapping[str, str | None], mark: str, *, on: bool
    ) -> None:
        if on != (mark in given):
            new = text.rstrip("/> ") + f" {mark}>" if on else _without(text, mark)
            self.edits.append((start, start + len(text), new))


def _without(tag: str, name: str) -> str:
    """Take an attribute out of a tag as our own pages write it: name="value", or the name alone."""
    at = tag.find(f' {name}="')
    if at >= 0:
        return tag[:at] + tag[tag.index('"', at + len(name) + 3) + 1 :]
    return tag.replace(f" {name}", "", 1) if f" {name}>" in tag or f" {name} " in tag else tag
