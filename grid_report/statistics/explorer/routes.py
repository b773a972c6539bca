"""Questions of the figures: asked, answered, saved under a link, handed out as CSV."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlencode

from flask import (
    Blueprint,
    Response,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug.wrappers import Response as AnyResponse

from grid_report import access, clock
from grid_report.errors import Invalid, NotFound
from grid_report.places.queries import reference
from grid_report.rates import Rate
from grid_report.statistics import views as statistics_views
from grid_report.statistics.comparison.routes import around, readable_area
from grid_report.statistics.counts import rules_queries
from grid_report.statistics.counts.areas import Area, find_area
from grid_report.statistics.counts.cells import OWN_HANDLING
from grid_report.statistics.explorer import queries, usecases
from grid_report.statistics.explorer.forms import Form, first_form, form_of, read_asked, read_title
from grid_report.statistics.explorer.queries import Answer
from grid_report.statistics.explorer.rules import COLUMNS, MOST_COLUMNS, TITLE_MOST, Asked, Rows
from grid_report.statistics.explorer.slice_queries import Slice
from grid_report.statistics.measures import RATES, RateName
from grid_report.statistics.models import StatisticsQuestion
from grid_report.statistics.month.routes import first_month, this_month
from grid_report.statistics.permissions import STATISTICS_OPEN
from grid_report.statistics.request_forms import own_area
from grid_report.web import csv_files
from grid_report.web.context import current_actor, language, settings
from grid_report.web.csv_files import Cell
from grid_report.web.pages import words
from grid_report.web.refused_forms import REFUSED, Errors, sentences, shown_again

bp = Blueprint("statistics_ask", __name__)
bp.before_request(rules_queries.check)

_CODE = re.compile(r"[a-z2-7]{10}")
_SLICES = {Rows.GROUP: Slice.GROUP, Rows.CATEGORY: Slice.CATEGORY, Rows.UNIT: Slice.UNIT}


def _own_area() -> Area:
    access.check(current_actor(), STATISTICS_OPEN)
    area = readable_area(own_area(current_actor()))
    if area is None:
        raise NotFound
    return area


def _read(form: Form) -> tuple[Asked, Answer]:
    places, now = reference(), clock.now()
    asked = read_asked(form, this=this_month(), find=readable_area, places=places)
    return asked, queries.answer(asked, places=places, county=settings().county, now=now)


def _page(
    form: Form, *, saved: StatisticsQuestion | None = None, moved_from: str | None = None
) -> Response:
    """Answer the question of a form, or show what is wrong with it."""
    try:
        asked, found = _read(form)
    except Invalid as error:
        return shown_again(
            error,
            lambda errors: _rendered(form, errors, None, None, saved=saved, moved_from=moved_from),
        )
    return make_response(_rendered(form, {}, asked, found, saved=saved, moved_from=moved_from))


def _rendered(
    form: Form,
    errors: Errors,
    asked: Asked | None,
    found: Answer | None,
    *,
    saved: StatisticsQuestion | None = None,
    moved_from: str | None = None,
) -> str:
    own = _own_area()
    return render_template(
        "statistics/ask.html",
        form=form,
        errors=errors,
        asked=asked,
        answer=found,
        address=urlencode(asked.document, doseq=True) if asked else "",
        saved=saved,
        moved_from=moved_from,
        own_questions=usecases.own_questions(current_actor()),
        column_names={name: _column_name(name) for name in COLUMNS},
        rows_of=list(Rows),
        row_name=lambda key: _row_name(asked, key) if asked else "",
        kinds=_kinds(),
        units=sorted(reference().units.values(), key=lambda it: it.code),
        most_columns=MOST_COLUMNS,
        title_most=TITLE_MOST,
        at=clock.now(),
        # The ways lead on to what the question is about.
        **(
            around(asked.area, asked.last, first_month())
            if asked
            else around(own, this_month(), first_month())
        ),
    )


def _kinds() -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Return each group with its categories, by code and name."""
    groups: dict[str, tuple[str, list[tuple[str, str]]]] = {}
    for code, it in reference().categories.by_code.items():
        name = it.group_name(language())
        groups.setdefault(it.group_code, (name, []))[1].append((code, it.name(language())))
    return [(code, name, some) for code, (name, some) in sorted(groups.items())]


def _column_name(column: str) -> str:
    return words.sentence("figures", column)


def _row_name(asked: Asked, key: str) -> str:
    """Return what a row is called; '' where the page's own words say it."""
    if asked.rows in _SLICES:
        return statistics_views.key_name(_SLICES[asked.rows], key, language())
    if asked.rows is Rows.MONTH:
        return key
    area = find_area(key, reference(), settings().county)
    return area.name if area else key


@bp.get("/statistics/ask")
def ask() -> str | Response:
    """Show the form of a question, and its answer where one is asked."""
    own = _own_area()
    if "rows" not in request.args and "columns" not in request.args:
        return _rendered(first_form(this_month(), own, first_month()), {}, None, None)
    return _page(request.args)


@bp.get("/statistics/ask.csv")
def table() -> Response:
    """Hand out an answer as CSV, made for a spreadsheet."""
    access.check(current_actor(), STATISTICS_OPEN)
    asked, found = _read(request.args)
    # Every word is looked up here: while the lines are sent, there is no app to ask any more.
    rows = list(_csv_rows(asked, found))
    response = Response(
        csv_files.lines(rows, bom=request.args.get("bom") != "0"),
        content_type=csv_files.MEDIA_TYPE,
    )
    name = f"statistics-{asked.area.code}-{asked.first}-{asked.last}-{asked.rows}.csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _csv_rows(asked: Asked, found: Answer) -> Iterator[list[Cell]]:
    head: list[Cell] = [words.sentence("asking", f"rows_{asked.rows}")]
    for column in asked.columns:
        rule, name = COLUMNS[column], _column_name(column)
        if isinstance(rule, RateName):
            parts = (RATES[rule].numerator, RATES[rule].denominator)
            head += [f"{name}: {_column_name(f'm_{it}')}" for it in parts]
            head.append(f"{name} %")
        else:
            head.append(name)
    yield head
    for row in (*found.rows, found.total):
        cells: list[Cell] = [_spoken(asked, row.key)]
        for column in asked.columns:
            value = row.value(column)
            if isinstance(value, Rate):
                cells += [value.numerator, value.denominator, value.percent]
            else:
                cells.append(value)
        yield cells


def _spoken(asked: Asked, key: str) -> str:
    """Return what a line of the table is called."""
    if not key:
        return words.sentence("asking", "sum_of_rows")
    if asked.rows is Rows.UNIT and key == OWN_HANDLING:
        return words.sentence("asking", "own_handling")
    return _row_name(asked, key) or words.sentence("asking", "unrouted")


@bp.post("/statistics/ask")
def save() -> AnyResponse:
    """Save a question under a title and lead to its link."""
    _own_area()
    form = request.form
    try:
        asked = read_asked(form, this=this_month(), find=readable_area, places=reference())
        title = read_title(form)
        code = usecases.save_question(title, asked.document, actor=current_actor(), now=clock.now())
    except REFUSED as error:
        return shown_again(error, lambda errors: _with_answer(form, errors), "title")
    flash(words.said("question-saved"), "ok")
    return redirect(url_for("statistics_ask.saved", code=code), 303)


def _with_answer(form: Form, errors: Errors) -> str:
    """Show what was typed, the answer beside it where there is one."""
    asked = found = None
    try:
        asked, found = _read(form)
    except Invalid as problem:
        errors = {**sentences(problem), **errors}
    return _rendered(form, errors, asked, found)


def _saved(code: str) -> StatisticsQuestion:
    access.check(current_actor(), STATISTICS_OPEN)
    found = usecases.find_question(code) if _CODE.fullmatch(code) else None
    if found is None:
        raise NotFound
    return found


@bp.get("/statistics/ask/<code>")
def saved(code: str) -> Response:
    """Show a saved question as its reader may see it: of another area, for the reader's own."""
    question = _saved(code)
    form, moved_from = form_of(question.asked), None
    own = _own_area()
    if readable_area(form.get("area", "")) is None:
        moved_from = form["area"] or own.code
        form["area"] = own.code
    page = _page(form, saved=question, moved_from=moved_from)
    # What was saved once may have lost its kind or unit since: the page says so, and is a page.
    page.status_code = 200
    return page


@bp.post("/statistics/ask/<code>/delete")
def delete(code: str) -> AnyResponse:
    """Delete a question of one's own; that it is gone already is no mistake."""
    access.check(current_actor(), STATISTICS_OPEN)
    if _CODE.fullmatch(code) and usecases.delete_question(code, actor=current_actor()):
        flash(words.said("question-deleted"), "ok")
    return redirect(url_for("statistics_ask.ask"), 303)
