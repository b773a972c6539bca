"""Open data: a page that lists the months, and a file of each; for anybody, without a sign-in."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from typing import Final

from flask import Blueprint, render_template, request
from flask import Response as Page
from werkzeug.wrappers import Response

from grid_report.errors import NotFound
from grid_report.languages import DEFAULT, LANGUAGES, column
from grid_report.places.queries import reference
from grid_report.statistics.counts import rules_queries
from grid_report.statistics.open_data import queries
from grid_report.statistics.open_data.queries import OpenFile
from grid_report.statistics.open_data.rules import LEAST
from grid_report.web import csv_files
from grid_report.web.context import settings, speaking
from grid_report.web.guard import public
from grid_report.web.pages.words import sentence
from grid_report.web.text import month_in_address

bp = Blueprint("open_data", __name__)
bp.before_request(rules_queries.check)

LICENCE: Final = "https://creativecommons.org/licenses/by/4.0/"
COLUMNS: Final = (
    "month", "version", "street_code", "street", "community_code", "community",
    "group_code", "group", "category_code", "category", "received",
)  # fmt: skip
# Of these there is a column a language: one file for everybody, whoever asks.
IN_ALL_LANGUAGES: Final = ("group", "category")


@bp.get("/open-data")
@public
def index() -> str:
    """List the frozen months, and say what is in their files and what never is."""
    meanings = [
        sentence("open_data/meanings", it, **_facts(one)) for it, one in _columns(LANGUAGES)
    ]
    return render_template(
        "statistics/open_data.html",
        months=queries.list_open_months(reference()),
        columns=list(zip(_heads(LANGUAGES), meanings, strict=True)),
        licence=LICENCE,
        least=LEAST,
    )


@bp.get("/open-data/<month>.csv")
@public
def month_csv(month: str) -> Response:
    """Hand out the counts of a frozen month by community and category."""
    wanted = month_in_address(month)
    found = queries.read_open_month(wanted, places=reference(), county=settings().county)
    if found is None:
        raise NotFound
    content = "".join(csv_files.lines(_rows(found), bom=found.shape > 1)).encode()
    answer = Page(content, content_type=csv_files.MEDIA_TYPE)
    answer.headers["Content-Disposition"] = (
        f'attachment; filename="grid-report-{settings().county.code}-{found.month}.csv"'
    )
    # Whoever's program it is, on whatever site: there is nothing of anybody in it.
    answer.headers["Access-Control-Allow-Origin"] = "*"
    answer.headers["Cache-Control"] = "public, max-age=3600"
    answer.headers["Link"] = f'<{LICENCE}>; rel="license"'
    answer.set_etag(hashlib.sha256(content).hexdigest()[:32])
    answer.make_conditional(request)
    return answer


def _columns(spoken: Collection[str]) -> list[tuple[str, str]]:
    """Return the columns, each with the language it is in, or ''."""
    return [(it, one) for it in COLUMNS for one in (spoken if it in IN_ALL_LANGUAGES else ("",))]


def _code(it: str, language: str) -> str:
    """Return what programs look for: `received`, and of a name in a language its ending too."""
    return column(it, language) if language else it


def _facts(language: str) -> dict[str, str]:
    return {"language": sentence("languages", language)} if language else {}


def _heads(spoken: Collection[str]) -> tuple[str, ...]:
    """Return what the columns are called: the code, then the word in the site's first language."""
    with speaking(DEFAULT):
        return tuple(
            f"{_code(it, one)} {sentence('open_data/heads', it, **_facts(one))}"
            for it, one in _columns(spoken)
        )


def _rows(found: OpenFile) -> Iterator[tuple[csv_files.Cell, ...]]:
    names, spoken = found.names, found.names.languages
    # Versions of before have the first line they had.
    yield _heads(spoken) if found.shape > 1 else tuple(_code(*it) for it in _columns(spoken))
    for it in found.counts:
        street, group = found.street_of[it.community], names.group_of.get(it.category, "")
        yield (
            found.month,
            found.version,
            street,
            names.areas.get(street, street),
            it.community,
            names.areas.get(it.community, it.community),
            group,
            *(names.group(group, one) for one in spoken),
            it.category,
            *(names.category(it.category, one) for one in spoken),
            it.received,
        )
