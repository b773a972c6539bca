"""Objections: the rider writes why and sees who answers by when; the street answers."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from grid_report import access, clock
from grid_report.access import Actor
from grid_report.accounts.aliases import rider_alias
from grid_report.db import db
from grid_report.errors import Invalid, NotFound
from grid_report.places.queries import reference
from grid_report.points.history import month_queries, trace_queries
from grid_report.points.objections import queries, usecases
from grid_report.points.objections.queries import ObjectionView
from grid_report.points.objections.rules import ANSWERS, Decision, ObjectionStep, Subject
from grid_report.points.permissions import OBJECTION_ANSWER, OBJECTIONS_READ, POINTS_READ_OWN
from grid_report.points.signals import decision_about
from grid_report.web.context import current_actor, settings
from grid_report.web.pages.words import said
from grid_report.web.paging import BIGGEST_ID, pack, unpack_id
from grid_report.web.refused_forms import REFUSED, shown_again

bp = Blueprint("objections", __name__)

# One more than is allowed, so that too long is told from just right.
LONGEST_READ = 4000


def _rider() -> Actor:
    actor = current_actor()
    access.check(actor, POINTS_READ_OWN)
    return actor


def _words() -> str:
    return request.form.get("words", "")[:LONGEST_READ]


def _decision() -> Decision:
    """Read which decision is meant. Raises NotFound."""
    given = [(subject, request.args[subject]) for subject in Subject if subject in request.args]
    if len(given) != 1:
        raise NotFound
    subject, key = given[0]
    is_id = key.isascii() and key.isdecimal() and int(key[:20]) <= BIGGEST_ID
    if "\x00" in key or (subject is not Subject.REPORT and not is_id):
        raise NotFound
    return Decision(subject, key[:24])


@bp.get("/my/points/object")
def new() -> str | Response:
    """Ask the rider why a decision is wrong; an objection that is there already is shown."""
    actor, decision = _rider(), _decision()
    known = queries.find_about(decision, actor.member_id, clock.now())
    if known is not None:
        return redirect(url_for("objections.mine", objection_id=known.id), 303)
    return _form(actor, decision)


def _form(actor: Actor, decision: Decision, words: str = "", errors: Any = None) -> str:
    entry = waiting = None
    if decision.subject is Subject.ENTRY:
        entry = trace_queries.why(int(decision.key), actor.member_id).entry
    elif decision.subject is Subject.UNPAID:
        waiting = month_queries.unawarded(int(decision.key), actor.member_id)
    else:
        refused = decision_about(db.session(), decision.key)
        if refused is None or refused.rider_id != actor.member_id:
            raise NotFound
    return render_template(
        "points/objections/object.html",
        decision=decision,
        entry=entry,
        waiting=waiting,
        words=words,
        errors=errors or {},
        days=settings().points.objection_days,
    )


@bp.post("/my/points/object")
def send() -> Response:
    """Take the objection."""
    actor, decision = _rider(), _decision()
    try:
        objection_id = usecases.raise_objection(
            decision,
            words=_words(),
            days=settings().points.objection_days,
            actor=actor,
            places=reference(),
            now=clock.now(),
        )
    except REFUSED as error:
        return shown_again(error, lambda errors: _form(actor, decision, _words(), errors))
    flash(said("objection-raised"))
    return redirect(url_for("objections.mine", objection_id=objection_id), 303)


@bp.get("/my/points/objections/<int:objection_id>")
def mine(objection_id: int) -> str:
    """Show a rider's objection: who answers by when, and the answer."""
    found = queries.own(objection_id, _rider().member_id, clock.now())
    return render_template("points/objections/objection.html", it=found, **_places(found))


@bp.post("/my/points/objections/<int:objection_id>/withdraw")
def withdraw(objection_id: int) -> Response:
    """Take the objection back."""
    usecases.withdraw_objection(objection_id, actor=_rider(), now=clock.now())
    flash(said("objection-withdrawn"))
    return redirect(url_for("objections.mine", objection_id=objection_id), 303)


def _places(it: ObjectionView) -> dict[str, str]:
    community, street = reference().community(it.community_code), reference().street(it.street_code)
    return {
        "community_name": community.name if community else it.community_code,
        "street_name": street.name if street else it.street_code,
    }


@bp.get("/desk/objections")
def index() -> str:
    """List what waits for an answer, the late ones first, and what was answered."""
    actor, now = current_actor(), clock.now()
    access.check(actor, OBJECTIONS_READ)
    before = unpack_id(request.args.get("cursor"))
    ended, following = queries.list_ended(actor, now, before)
    return render_template(
        "points/objections/objections.html",
        waiting=queries.list_waiting(actor, now) if before is None else (),
        ended=ended,
        is_first_page=before is None,
        next=pack(following) if following else None,
        communities=reference().communities,
    )


@bp.get("/desk/objections/<int:objection_id>")
def show(objection_id: int) -> str:
    """Show one objection with the decision it is about."""
    return _shown(objection_id)


def _shown(objection_id: int, form: Any = None, errors: Any = None) -> str:
    actor = current_actor()
    found = queries.one(objection_id, actor, clock.now())
    return render_template(
        "points/objections/objection_desk.html",
        it=found,
        alias=rider_alias(found.rider_id),
        may_answer=access.allowed(actor, OBJECTION_ANSWER, found),
        form=form or {},
        errors=errors or {},
        **_places(found),
    )


@bp.post("/desk/objections/<int:objection_id>/answer")
def answer(objection_id: int) -> Response:
    """Uphold or reject it, in words that go to the rider."""
    actor = current_actor()
    found = queries.one(objection_id, actor, clock.now())
    access.check(actor, OBJECTION_ANSWER, found)
    chosen = request.form.get("step", "")
    try:
        if chosen not in ANSWERS:
            raise Invalid.field("step", "answer-needed")
        usecases.answer_objection(
            objection_id, ObjectionStep(chosen), words=_words(), actor=actor, now=clock.now()
        )
    except REFUSED as error:
        typed = {"step": chosen, "words": _words()}
        return shown_again(error, lambda errors: _shown(objection_id, typed, errors))
    flash(said("objection-answered"))
    return redirect(url_for("objections.show", objection_id=objection_id), 303)
