"""API v1, the review: what looked odd, the month's sample, and the rates."""

from __future__ import annotations

from typing import Any

from flask import Response, request, url_for

from grid_report import access, clock
from grid_report.api import present
from grid_report.api.openapi import operation
from grid_report.api.reading import answer, json_body, query
from grid_report.api.routes import bp
from grid_report.api.schemas import fairness as schemas
from grid_report.clock import Month
from grid_report.errors import NotFound
from grid_report.fairness import forms, queries, usecases, views
from grid_report.fairness.kinds import Finding, SignalState
from grid_report.fairness.models import Sampled, Signal
from grid_report.fairness.permissions import FAIRNESS_JUDGE, FAIRNESS_READ
from grid_report.fairness.views import Case, Look
from grid_report.places.queries import reference
from grid_report.rates import Rate
from grid_report.web.context import current_actor, language, settings
from grid_report.web.paging import read_limit

# Names of files: of no use to a program, which gets the photos themselves.
NO_FACTS = frozenset({"photo", "other_photo"})


def _case(it: Case) -> dict[str, Any]:
    return {
        "number": it.number or None,
        "state": it.state,
        "category": it.category_code,
        "category_name": it.category_name,
        "severity": it.severity,
        "community_name": it.community_name,
        "place_note": it.place_note,
        "description": it.description,
        "sent_at": present.instant(it.sent_at),
        "alias": it.alias,
        "photos": [
            {
                "id": photo.id,
                "main": f"{_photo(it.number, photo.id)}?size=main",
                "thumb": f"{_photo(it.number, photo.id)}?size=thumb",
                "is_the_one": photo.is_the_one,
            }
            for photo in (it.photos if it.number else ())
        ],
        "awards": [
            {"entry": award.entry_id, "rule": award.rule, "points": award.points}
            for award in it.awards
        ],
    }


def _photo(number: str, photo_id: int) -> str:
    return url_for("api.report_photo", number=number, photo_id=photo_id)


def _look(it: Look) -> dict[str, Any]:
    return {
        "id": it.id,
        "case": _case(it.case),
        "judged_by": it.judged_by,
        "judged_at": present.instant(it.judged_at),
        "words": it.words,
        "may_judge": it.may_judge and it.judged_at is None,
    }


def _signal(it: Look) -> dict[str, Any]:
    return {
        **_look(it),
        "kind": it.kind,
        "state": it.judgement,
        "facts": {name: fact for name, fact in it.facts.items() if name not in NO_FACTS},
        "other": _case(it.other) if it.other else None,
        "worker": it.worker_name,
        "found_at": present.instant(it.at),
        "trust": it.trust,
    }


def _sampled(it: Look) -> dict[str, Any]:
    return {
        **_look(it),
        "month": it.facts["month"],
        "finding": it.judgement,
        "accepted_by": it.worker_name,
        "accepted_at": present.instant(it.at),
    }


@bp.get("/fairness/signals")
@operation(
    summary="What looked odd, for a person to look at",
    query=schemas.SignalQuery,
    answers={200: schemas.SignalList},
    refuses=(403, 422),
)
def list_signals() -> Response:
    """List signals; by themselves they change nothing."""
    actor = current_actor()
    access.check(actor, FAIRNESS_READ)
    asked = query(schemas.SignalQuery)
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
    return answer({"items": [_signal(it) for it in rows], "next": page.next})


def _visible_signal(signal_id: int) -> Signal:
    actor, row = current_actor(), queries.find_signal(signal_id)
    access.check(actor, FAIRNESS_READ)
    if row is None or not access.allowed(actor, FAIRNESS_READ, queries.subject_of_signal(row)):
        raise NotFound
    return row


@bp.get("/fairness/signals/<int:signal_id>")
@operation(
    summary="One signal with its reports", answers={200: schemas.SignalShown}, refuses=(403, 404)
)
def show_signal(signal_id: int) -> Response:
    """Show one signal."""
    row = _visible_signal(signal_id)
    return answer(_signal(views.signal(row, current_actor(), reference(), language())))


@bp.post("/fairness/signals/<int:signal_id>/judgement")
@operation(
    summary="Dismiss a signal, or say how it is followed up; once",
    json=schemas.JudgeSignalRequest,
    answers={200: schemas.SignalShown},
    refuses=(403, 404, 409, 415, 422),
)
def judge_signal(signal_id: int) -> Response:
    """Say what it is; the same again changes nothing."""
    access.check(current_actor(), FAIRNESS_JUDGE)
    _visible_signal(signal_id)
    state, said = forms.read_judgement(json_body(schemas.JudgeSignalRequest), SignalState)
    usecases.judge_signal(signal_id, state, said, actor=current_actor(), now=clock.now())
    return show_signal(signal_id)


@bp.get("/fairness/sample")
@operation(
    summary="A month's sample of accepted reports, in the order it was drawn",
    query=schemas.SampleQuery,
    answers={200: schemas.SampleShown},
    refuses=(403, 422),
)
def show_sample() -> Response:
    """Show a month's sample and how far it was looked at."""
    actor, draws = current_actor(), queries.list_draws()
    access.check(actor, FAIRNESS_READ)
    asked = query(schemas.SampleQuery)
    last = Month.of(clock.now(), settings().county.tz).plus(-1)
    newest = Month.parse(draws[0].month) if draws else last
    month = str(forms.read_month(asked.month, newest))
    page = queries.list_sampled(
        actor, month, cursor=asked.cursor, limit=read_limit(request.args.get("limit"))
    )
    draw = queries.find_draw(month)
    progress = queries.progress(actor, month)
    rows = views.sampled_rows(page.items, actor, reference(), language())
    return answer(
        {
            "month": month,
            "drawn_at": present.instant(draw.drawn_at) if draw else None,
            "population": draw.population if draw else None,
            "progress": {"judged": progress.judged, "drawn": progress.drawn},
            "items": [_sampled(it) for it in rows],
            "next": page.next,
        }
    )


def _visible_sampled(sampled_id: int) -> Sampled:
    actor, row = current_actor(), queries.find_sampled(sampled_id)
    access.check(actor, FAIRNESS_READ)
    if row is None or not access.allowed(actor, FAIRNESS_READ, queries.subject_of_sampled(row)):
        raise NotFound
    return row


@bp.get("/fairness/sample/<int:sampled_id>")
@operation(
    summary="One sampled report, as it was accepted",
    answers={200: schemas.SampledShown},
    refuses=(403, 404),
)
def show_sampled(sampled_id: int) -> Response:
    """Show one sampled report."""
    row = _visible_sampled(sampled_id)
    return answer(_sampled(views.sampled(row, current_actor(), reference(), language())))


@bp.post("/fairness/sample/<int:sampled_id>/judgement")
@operation(
    summary="Agree with an acceptance or not, once",
    json=schemas.JudgeSampledRequest,
    answers={200: schemas.SampledShown},
    refuses=(403, 404, 409, 415, 422),
)
def judge_sampled(sampled_id: int) -> Response:
    """Say whether a second look agrees; never who accepted it."""
    access.check(current_actor(), FAIRNESS_JUDGE)
    _visible_sampled(sampled_id)
    finding, said = forms.read_judgement(json_body(schemas.JudgeSampledRequest), Finding)
    usecases.judge_sampled(sampled_id, finding, said, actor=current_actor(), now=clock.now())
    return show_sampled(sampled_id)


@bp.get("/fairness/rates")
@operation(
    summary="How often second looks agreed, and how often reports were refused, by community",
    query=schemas.RatesQuery,
    answers={200: schemas.RatesShown},
    refuses=(403, 422),
)
def show_rates() -> Response:
    """List the rates of a month."""
    actor, zone, places = current_actor(), settings().county.tz, reference()
    access.check(actor, FAIRNESS_READ)
    last = Month.of(clock.now(), zone).plus(-1)
    month = forms.read_month(query(schemas.RatesQuery).month, last)
    return answer(
        {
            "month": str(month),
            "items": [
                {
                    "community": {
                        "code": it.community_code,
                        "name": places.communities[it.community_code].name,
                    },
                    "drawn": it.drawn,
                    "agreement": _rate(it.agreement),
                    "refusal": _rate(it.refusal),
                }
                for it in queries.rates(actor, month, zone, places)
            ],
        }
    )


def _rate(it: Rate) -> dict[str, Any]:
    return {"numerator": it.numerator, "denominator": it.denominator, "percent": it.percent}
