"""The rules of points on one page, and the handbook: how to photograph and stay safe."""

from __future__ import annotations

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from grid_report import access, clock
from grid_report.accounts.numbers.queries import is_proved
from grid_report.errors import NotFound
from grid_report.points.errors import QuizTriesUsed
from grid_report.points.learning import handbook, usecases
from grid_report.points.outcomes import Award, Outcome
from grid_report.points.permissions import POINTS_LEARN
from grid_report.points.policy import terms_of
from grid_report.points.rewards import queries as rewards_queries
from grid_report.points.rewards import tariff_queries
from grid_report.points.tariff.fields import numbers_of
from grid_report.web.context import current_actor, settings
from grid_report.web.pages import words
from grid_report.web.pages.words import said
from grid_report.web.refused_forms import shown_again

bp = Blueprint("learning", __name__)


@bp.get("/rules")
def rules() -> str:
    """Show what earns what, by the version in force now."""
    version = tariff_queries.at(clock.now())
    return render_template("points/rules.html", version=version, numbers=numbers_of(version))


@bp.get("/handbook")
def index() -> str:
    """List the units and the quiz, with what was done already."""
    actor = current_actor()
    version = tariff_queries.at(clock.now())
    may_earn = access.allowed(actor, POINTS_LEARN)
    done, quiz_done = (
        rewards_queries.learned(actor.member_id, handbook.EDITION)
        if may_earn
        else (frozenset(), False)
    )
    return render_template(
        "points/learning/handbook.html",
        units=handbook.UNITS,
        done=done,
        quiz_done=quiz_done,
        for_unit=version.for_unit().points,
        for_quiz=version.for_quiz().points,
        may_earn=may_earn,
    )


@bp.get("/handbook/<unit>")
def unit(unit: str) -> str:
    """Show one unit."""
    if unit not in handbook.UNITS:
        raise NotFound
    actor = current_actor()
    may_earn = access.allowed(actor, POINTS_LEARN)
    done, _ = (
        rewards_queries.learned(actor.member_id, handbook.EDITION)
        if may_earn
        else (frozenset(), False)
    )
    return render_template(
        "points/learning/handbook_unit.html",
        unit=unit,
        number=handbook.UNITS.index(unit) + 1,
        is_done=unit in done,
        may_earn=may_earn,
        for_unit=tariff_queries.at(clock.now()).for_unit().points,
    )


@bp.post("/handbook/<unit>")
def finish(unit: str) -> Response:
    """Note that a rider has read a unit."""
    if unit not in handbook.UNITS:
        raise NotFound
    _say(
        usecases.award_learning(
            unit, actor=current_actor(), terms=terms_of(settings()), now=clock.now()
        )
    )
    following = handbook.UNITS.index(unit) + 1
    if following < len(handbook.UNITS):
        return redirect(url_for("learning.unit", unit=handbook.UNITS[following]), 303)
    return redirect(url_for("learning.quiz"), 303)


@bp.get("/handbook/quiz")
def quiz() -> str:
    """Ask the questions, or say when they can be tried again."""
    actor = current_actor()
    access.check(actor, POINTS_LEARN)
    most, now = settings().limits.quiz_tries_per_day, clock.now()
    following = usecases.next_try(
        actor.member_id, most_tries=most, terms=terms_of(settings()), now=now
    )
    if following is None:
        return _quiz_page({}, [])
    return _quiz_page({}, [], QuizTriesUsed(0, most, following.isoformat()))


@bp.post("/handbook/quiz")
def answer_quiz() -> Response:
    """Look at the answers; all right earns the quiz once an edition, else it may be tried again."""
    actor = current_actor()
    access.check(actor, POINTS_LEARN)
    answers = request.form.to_dict()
    try:
        done = usecases.answer_quiz(
            answers,
            actor=actor,
            terms=terms_of(settings()),
            most_tries=settings().limits.quiz_tries_per_day,
            now=clock.now(),
        )
    except QuizTriesUsed as error:
        page = _quiz_page({}, [], error)
        return shown_again(error, lambda _: page)
    if done.wrong:
        return make_response(_quiz_page(answers, done.wrong), 422)
    _say(done.award)
    return redirect(url_for("learning.index"), 303)


def _quiz_page(
    answers: dict[str, str], wrong: list[str], used_up: QuizTriesUsed | None = None
) -> str:
    return render_template(
        "points/learning/quiz.html",
        questions=handbook.QUIZ,
        answers=answers,
        wrong=wrong,
        used_up=words.error_sentence(used_up) if used_up is not None else "",
        tries=settings().limits.quiz_tries_per_day,
        for_quiz=tariff_queries.at(clock.now()).for_quiz().points,
    )


def _say(award: Award | None) -> None:
    if award is None and not is_proved(current_actor().member_id):
        flash(said("learned-unproved"))
    elif award is None or award.already or award.outcome is Outcome.WITHHELD:
        flash(said("learned"))
    elif award.outcome is Outcome.PAID:
        flash(said("learned-paid", points=award.points))
    else:
        flash(said("learned-owed", points=award.points))
