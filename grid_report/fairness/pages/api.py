"""Calls of the API, the review: what looked odd, the month's sample, and the rates."""

from __future__ import annotations

from flask import Response, request

from grid_report import access, clock
from grid_report.clock import Month
from grid_report.fairness import queries, usecases
from grid_report.fairness.kinds import Finding, SignalState
from grid_report.fairness.models import Sampled, Signal
from grid_report.fairness.pages import forms, shapes, views
from grid_report.fairness.permissions import FAIRNESS_JUDGE, FAIRNESS_READ
from grid_report.places.queries import reference
from grid_report.web.api.operations import bp, operation
from grid_report.web.api.reading import answer, json_body, query
from grid_report.web.context import current_actor, language, settings
from grid_report.web.paging import read_limit


@bp.get("/fairness/signals")
@operation(
    summary="What looked odd, for a person to look at",
    query=shapes.SignalQuery,
    answers={200: shapes.SignalList},
    refuses=(403, 422),
)
def list_signals() -> Response:
    """List signals; by themselves they change nothing."""
    actor = current_actor()
    access.check(actor, FAIRNESS_READ)
    asked = query(shapes.SignalQuery)
    wanted = forms.read_filters(request.args, reference().communities)
    page = queries.list_signals(
        actor,
        state=wanted.state,
        kind=wanted.kind,
        community=wanted.community,
        cursor=asked.cursor,
        limit=read_limit(request.args.get("limit")),
    )
    rows = views.signals(page.items, actor, reference(), language())
    items = [shapes.SignalShown.of(it) for it in rows]
    return answer(shapes.SignalList(items=items, next=page.next))


def _visible_signal(signal_id: int) -> Signal:
    access.check(current_actor(), FAIRNESS_READ)
    return views.visible_signal(signal_id, current_actor())


@bp.get("/fairness/signals/<int:signal_id>")
@operation(
    summary="One signal with its reports", answers={200: shapes.SignalShown}, refuses=(403, 404)
)
def show_signal(signal_id: int) -> Response:
    """Show one signal."""
    row = _visible_signal(signal_id)
    found = views.signal(row, current_actor(), reference(), language())
    return answer(shapes.SignalShown.of(found))


@bp.post("/fairness/signals/<int:signal_id>/judgement")
@operation(
    summary="Dismiss a signal, or say how it is followed up; once",
    json=shapes.JudgeSignalRequest,
    answers={200: shapes.SignalShown},
    refuses=(403, 404, 409, 415, 422),
)
def judge_signal(signal_id: int) -> Response:
    """Say what it is; the same again changes nothing."""
    access.check(current_actor(), FAIRNESS_JUDGE)
    _visible_signal(signal_id)
    state, said = forms.read_judgement(json_body(shapes.JudgeSignalRequest), SignalState)
    usecases.judge_signal(signal_id, state, said, actor=current_actor(), now=clock.now())
    return show_signal(signal_id)


@bp.get("/fairness/sample")
@operation(
    summary="A month's sample of accepted reports, in the order it was drawn",
    query=shapes.SampleQuery,
    answers={200: shapes.SampleShown},
    refuses=(403, 422),
)
def show_sample() -> Response:
    """Show a month's sample and how far it was looked at."""
    actor, draws = current_actor(), queries.list_draws()
    access.check(actor, FAIRNESS_READ)
    asked = query(shapes.SampleQuery)
    last = Month.of(clock.now(), settings().county.tz).plus(-1)
    newest = Month.parse(draws[0].month) if draws else last
    month = str(forms.read_month(asked.month, newest))
    page = queries.list_sampled(
        actor, month, cursor=asked.cursor, limit=read_limit(request.args.get("limit"))
    )
    draw = queries.find_draw(month)
    progress = queries.progress(actor, month)
    rows = views.sampled_rows(page.items, actor, reference(), language())
    return answer(shapes.SampleShown.of(month, draw, progress, rows, page.next))


def _visible_sampled(sampled_id: int) -> Sampled:
    access.check(current_actor(), FAIRNESS_READ)
    return views.visible_sampled(sampled_id, current_actor())


@bp.get("/fairness/sample/<int:sampled_id>")
@operation(
    summary="One sampled report, as it was accepted",
    answers={200: shapes.SampledShown},
    refuses=(403, 404),
)
def show_sampled(sampled_id: int) -> Response:
    """Show one sampled report."""
    row = _visible_sampled(sampled_id)
    found = views.sampled(row, current_actor(), reference(), language())
    return answer(shapes.SampledShown.of(found))


@bp.post("/fairness/sample/<int:sampled_id>/judgement")
@operation(
    summary="Agree with an acceptance or not, once",
    json=shapes.JudgeSampledRequest,
    answers={200: shapes.SampledShown},
    refuses=(403, 404, 409, 415, 422),
)
def judge_sampled(sampled_id: int) -> Response:
    """Say whether a second look agrees; never who accepted it."""
    access.check(current_actor(), FAIRNESS_JUDGE)
    _visible_sampled(sampled_id)
    finding, said = forms.read_judgement(json_body(shapes.JudgeSampledRequest), Finding)
    usecases.judge_sampled(sampled_id, finding, said, actor=current_actor(), now=clock.now())
    return show_sampled(sampled_id)


@bp.get("/fairness/rates")
@operation(
    summary="How often second looks agreed, and how often reports were refused, by community",
    query=shapes.RatesQuery,
    answers={200: shapes.ReviewRatesShown},
    refuses=(403, 422),
)
def show_rates() -> Response:
    """List the rates of a month."""
    actor, zone, places = current_actor(), settings().county.tz, reference()
    access.check(actor, FAIRNESS_READ)
    last = Month.of(clock.now(), zone).plus(-1)
    month = forms.read_month(query(shapes.RatesQuery).month, last)
    found = queries.rates(actor, month, zone, places)
    items = [shapes.CommunityRatesShown.of(it, places) for it in found]
    return answer(shapes.ReviewRatesShown(month=str(month), items=items))
