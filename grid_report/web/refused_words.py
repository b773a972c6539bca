"""What a person typed comes back with every refusal, even where its form is gone.

A page that draws the form again has the words in it. Where it does not (the step is not possible
any more, the case went elsewhere, the sign-in is over), they are put on the page, to be copied.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from flask import Flask, Response, render_template, request
from markupsafe import escape

from grid_report.languages import columns

# Fields a person types into; a test holds the list against the templates. Secrets are not given
# back, and what was chosen or sent along hidden is no word of anybody's.
TYPED: Final = frozenset(
    {
        "account", "address", "at", "cancel_minutes", "capacity", "card_number", "deadline",
        "description", *columns("description"), "first_day", "free_a_month", "hours", "internal_note",
        "into", "known_by", "last_day", "lat", "lng", "member", "minutes", "name", "needs",
        "nickname", "noshow_percent", "note", "phone", "place_note", "plate", "points", "price",
        "provider", "provider_name", "purpose", "quiet_begins", "quiet_ends", "quota", "reason", "ref", "review_on", "since",
        "starts_on", "stock", "subsidy", "times", "title", *columns("title"), "until",
        "valid_days", "words",
    }
)  # fmt: skip
SECRET: Final = frozenset({"code", "current", "new", "password"})

_MAIN: Final = re.compile(r'<main id="main"[^>]*>')
# Where a page wants them that has no room at its top.
_MARK: Final = '<div class="typed-here" hidden></div>'


# What a phone measured travels in hidden fields of a report; a station's spot is typed.
MEASURED: Final = frozenset({"lat", "lng"})


def missing(values: Iterable[tuple[str, str]], page: str) -> list[str]:
    """Return what was typed and stands in no field of a page, each once."""
    found = []
    for name, value in values:
        if name not in TYPED or not value.strip():
            continue
        shown = str(escape(value))
        if f'value="{shown}"' in page or f">\n{shown}</textarea>" in page:
            continue
        if value not in found:
            found.append(value)
    return found


def init_app(app: Flask) -> None:
    """Look at every refusal on its way out."""
    app.after_request(_give_back)


def _give_back(response: Response) -> Response:
    is_page = response.mimetype == "text/html" and not response.direct_passthrough
    if request.method != "POST" or response.status_code < 400 or not is_page:
        return response
    page = response.get_data(as_text=True)
    sent = request.form.items(multi=True)
    if "key" in request.form and "lat" in request.form:
        sent = ((name, value) for name, value in sent if name not in MEASURED)
    typed = missing(sent, page)
    if typed:
        box = render_template("layouts/_typed.html", typed=typed)
        if _MARK in page:
            page = page.replace(_MARK, box, 1)
        else:
            page = _MAIN.sub(lambda main: main[0] + box, page, count=1)
        response.set_data(page)
    return response
