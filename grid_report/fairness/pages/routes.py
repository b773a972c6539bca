"""The review of the street: what looked odd, the month's sample, and the rates."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from grid_report import access, clock
from grid_report.clock import Month
from grid_report.errors import NotFound
from grid_report.fairness import queries, sampling, usecases
from grid_report.fairness.kinds import Finding, SignalKind, SignalState
from grid_report.fairness.pages import forms, views
from grid_report.fairness.permissions import FAIRNESS_JUDGE, FAIRNESS_READ
from grid_report.fairness.scope import review_scope
from grid_report.places.queries import reference
from grid_report.web.context import current_actor, language, settings
from grid_report.web.pages import words
from grid_report.web.refused_forms import REFUSED, Errors, shown_again

bp = Blueprint("fairness", __name__)

MONTHS_BACK = 13
# Where a reversal is proposed, once the ledger has that page.
PROPOSALS = "proposals.index"


def _months() -> list[str]:
    this = Month.of(clock.now(), settings().county.tz)
    return [str(this.plus(-back)) for back in range(MONTHS_BACK)]


def _communities() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the communities the reader may choose from, by street."""
    scope, places = review_scope(current_actor()), reference()
    return [
        (street.name, [(it.code, it.name) for it in places.communities_of(street.code)])
        for street in places.streets.values()
        if scope.streets is None or street.code in scope.streets
    ]


@bp.get("/fairness")
def index() -> str:
    """List what looked odd, for a person to look at."""
    actor = current_actor()
    access.check(actor, FAIRNESS_READ)
    wanted = forms.read_filters(request.args, reference().communities)
    page = queries.list_signals(
        actor,
        state=wanted.state,
        kind=wanted.kind,
        community=wanted.community,
        cursor=request.args.get("cursor"),
    )
    return render_template(
        "fairness/index.html",
        rows=views.signals(page.items, actor, reference(), language()),
        next=page.next,
        state=wanted.state.value if wanted.state else forms.ALL,
        kind=wanted.kind.value if wanted.kind else "",
        community=wanted.community or "",
        kinds=[kind.value for kind in SignalKind],
        communities=_communities(),
    )


@bp.get("/fairness/signals/<int:signal_id>")
def signal(signal_id: int) -> str:
    """Show one signal with its photos side by side."""
    access.check(current_actor(), FAIRNESS_READ)
    return _signal_page(signal_id, {}, {})


def _signal_page(signal_id: int, errors: Errors, form: dict[str, Any]) -> str:
    actor = current_actor()
    row = views.visible_signal(signal_id, actor)
    return render_template(
        "fairness/signal.html",
        look=views.signal(row, actor, reference(), language()),
        proposals=PROPOSALS if PROPOSALS in current_app.view_functions else "",
        errors=errors,
        form=form,
    )


@bp.post("/fairness/signals/<int:signal_id>/judgement")
def judge_signal(signal_id: int) -> Response:
    """Dismiss a signal, or say how it is followed up."""
    access.check(current_actor(), FAIRNESS_JUDGE)
    if queries.find_signal(signal_id) is None:
        raise NotFound
    try:
        state, said = forms.read_judgement(request.form, SignalState)
        usecases.judge_signal(signal_id, state, said, actor=current_actor(), now=clock.now())
    except REFUSED as error:
        typed = request.form.to_dict()
        return shown_again(error, lambda errors: _signal_page(signal_id, errors, typed))
    flash(words.said("signal-judged"))
    return redirect(url_for("fairness.index"), 303)


@bp.get("/fairness/sample")
def sample() -> str:
    """Show a month's sample and how far it was looked at."""
    actor, draws = current_actor(), queries.list_draws()
    access.check(actor, FAIRNESS_READ)
    last = Month.of(clock.now(), settings().county.tz).plus(-1)
    newest = Month.parse(draws[0].month) if draws else last
    month = str(forms.read_month(request.args.get("month"), newest))
    page = queries.list_sampled(actor, month, cursor=request.args.get("cursor"))
    return render_template(
        "fairness/sample.html",
        month=month,
        months=[draw.month for draw in draws],
        draw=next((draw for draw in draws if draw.month == month), None),
        progress=queries.progress(actor, month),
        rows=views.sampled_rows(page.items, actor, reference(), language()),
        next=page.next,
        next_id=queries.next_to_judge(actor, month, 0)
        if access.allowed(actor, FAIRNESS_JUDGE)
        else None,
        least=sampling.LEAST,
    )


@bp.get("/fairness/sample/<int:sampled_id>")
def sampled(sampled_id: int) -> str:
    """Show one sampled report, as it was accepted."""
    access.check(current_actor(), FAIRNESS_READ)
    return _sampled_page(sampled_id, {}, {})


def _sampled_page(sampled_id: int, errors: Errors, form: dict[str, Any]) -> str:
    actor = current_actor()
    row = views.visible_sampled(sampled_id, actor)
    return render_template(
        "fairness/sampled.html",
        look=views.sampled(row, actor, reference(), language()),
        progress=queries.progress(actor, row.month),
        errors=errors,
        form=form,
    )


@bp.post("/fairness/sample/<int:sampled_id>/judgement")
def judge_sampled(sampled_id: int) -> Response:
    """Agree with an acceptance or not; then on to the next."""
    actor = current_actor()
    access.check(actor, FAIRNESS_JUDGE)
    if queries.find_sampled(sampled_id) is None:
        raise NotFound
    try:
        finding, said = forms.read_judgement(request.form, Finding)
        month = usecases.judge_sampled(sampled_id, finding, said, actor=actor, now=clock.now())
    except REFUSED as error:
        typed = request.form.to_dict()
        return shown_again(error, lambda errors: _sampled_page(sampled_id, errors, typed))
    flash(words.said("sample-judged"))
    following = queries.next_to_judge(actor, month, sampled_id)
    if following is None:
        return redirect(url_for("fairness.sample", month=month), 303)
    return redirect(url_for("fairness.sampled", sampled_id=following), 303)


@bp.get("/fairness/rates")
def rates() -> str:
    """Show by community how often a second look agreed, and how often reports were refused."""
    actor = current_actor()
    access.check(actor, FAIRNESS_READ)
    zone = settings().county.tz
    month = forms.read_month(request.args.get("month"), Month.of(clock.now(), zone).plus(-1))
    return render_template(
        "fairness/rates.html",
        month=str(month),
        months=_months(),
        rows=queries.rates(actor, month, zone, reference()),
        places=reference(),
    )
