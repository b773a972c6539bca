"""Asking a rider to look again, the answer, and proposing a merit."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from flask import Response as Page
from werkzeug.wrappers import Response

from grid_report import clock
from grid_report.errors import Invalid
from grid_report.places.queries import reference
from grid_report.points.policy import terms_of
from grid_report.reports.casework import recheck_usecases
from grid_report.reports.commands import AnswerRecheck, AskRecheck
from grid_report.reports.pages import forms as pages_forms
from grid_report.reports.pages import page_views
from grid_report.reports.pages.page_views import CASE_REFUSED
from grid_report.reports.pages.reader_views import case_page, side_of
from grid_report.web.context import current_actor, settings
from grid_report.web.pages import words
from grid_report.web.refused_forms import REFUSED, shown_again
from grid_report.web.text import read_int, read_key, read_text

bp = Blueprint("thanks", __name__)


@bp.post("/reports/<number>/recheck")
def ask_recheck(number: str) -> Response:
    """Ask the rider for a photo of the handled case."""
    problems = Invalid()
    said = read_text(request.form, "note", most=pages_forms.WORDS_MOST, problems=problems)
    try:
        problems.raise_if_any()
        recheck_usecases.ask_recheck(
            number, AskRecheck(said), actor=current_actor(), places=reference(), now=clock.now()
        )
    except REFUSED as error:
        return shown_again(
            error, lambda errors: case_page(number, errors, "ask_recheck", now=clock.now())
        )
    flash(words.said("recheck-asked"))
    return _back(number)


@bp.post("/reports/<number>/recheck/photos")
def answer_recheck(number: str) -> Response:
    """Take the rider's photo of the handled case."""
    page_views.check_sight(number, None)
    if page_views.agree_if_asked():
        return Page(case_page(number, {}, "answer_recheck", now=clock.now()))
    problems = Invalid()
    said = read_text(request.form, "note", most=pages_forms.WORDS_MOST, problems=problems)
    try:
        page_views.check_consent(number, None)
        photos = page_views.admit_photos(
            request.files.getlist("photos"), problems, most=settings().photos.max_files
        )
        problems.raise_if_any()
        recheck_usecases.answer_recheck(
            number,
            AnswerRecheck(said, tuple(photos)),
            actor=current_actor(),
            places=reference(),
            terms=terms_of(settings()),
            now=clock.now(),
        )
    except CASE_REFUSED as error:
        return shown_again(
            error, lambda errors: case_page(number, errors, "answer_recheck", now=clock.now())
        )
    flash(words.said("recheck-sent"))
    return _back(number)


@bp.post("/reports/<number>/merit")
def propose_merit(number: str) -> Response:
    """Propose a merit; somebody else approves it."""
    problems = Invalid()
    try:
        key = read_key(request.form.get("key"), "key", problems)
        points = read_int(request.form, "points", 0, 1_000_000, problems)
        reason = read_text(request.form, "reason", most=pages_forms.WORDS_MOST, problems=problems)
        problems.raise_if_any()
        recheck_usecases.propose_merit(
            number, points, reason, key=key, actor=current_actor(), now=clock.now()
        )
    except REFUSED as error:
        return shown_again(
            error, lambda errors: case_page(number, errors, "propose_merit", now=clock.now())
        )
    flash(words.said("merit-proposed"))
    return _back(number)


def _back(number: str) -> Response:
    return redirect(url_for(f"{side_of(number)}.show", number=number), 303)
