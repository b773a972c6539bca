"""What the review's pages show, put together for one reader: what may not be seen is not in it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from grid_report import access
from grid_report.access import Actor
from grid_report.accounts.aliases import rider_alias
from grid_report.accounts.members.identity_queries import names_for
from grid_report.errors import NotFound
from grid_report.fairness import queries
from grid_report.fairness.kinds import Trust
from grid_report.fairness.models import Sampled, Signal
from grid_report.fairness.permissions import FAIRNESS_JUDGE, FAIRNESS_READ, FAIRNESS_TRUST, Subject
from grid_report.places.geo.reference import Reference
from grid_report.points.history import reversal_queries
from grid_report.points.history.reversal_queries import Award
from grid_report.reports import queries as reports_queries
from grid_report.reports.desk import review_queries
from grid_report.reports.permissions import REPORT_PHOTOS, REPORT_READ, REPORT_SEE_REPORTER


def visible_signal(signal_id: int, actor: Actor) -> Signal:
    """Return a signal this reader may see. Raises NotFound."""
    row = queries.find_signal(signal_id)
    if row is None or not access.allowed(actor, FAIRNESS_READ, queries.subject_of_signal(row)):
        raise NotFound
    return row


def visible_sampled(sampled_id: int, actor: Actor) -> Sampled:
    """Return a sampled report this reader may see. Raises NotFound."""
    row = queries.find_sampled(sampled_id)
    if row is None or not access.allowed(actor, FAIRNESS_READ, queries.subject_of_sampled(row)):
        raise NotFound
    return row


@dataclass(frozen=True)
class Photo:
    id: int
    name: str
    width: int
    height: int
    is_the_one: bool


@dataclass(frozen=True)
class Case:
    """One report beside a signal. `is_open_to_me`: whether this reader may open it at the desk."""

    number: str
    is_open_to_me: bool
    category_name: str
    category_code: str
    severity: int
    state: str
    community_name: str | None
    place_note: str
    description: str
    sent_at: datetime
    alias: str | None
    thumb_name: str | None
    photos: Sequence[Photo] = ()
    awards: Sequence[Award] = ()


@dataclass(frozen=True)
class Look:
    """A signal or a sampled report with its case, and what somebody made of it."""

    id: int
    kind: str
    facts: dict[str, Any]
    case: Case
    other: Case | None
    worker_name: str | None
    at: datetime
    trust: str | None
    judgement: str | None
    judged_by: str | None
    judged_at: datetime | None
    words: str
    may_judge: bool = False
    decided_it: bool = False


def signals(rows: Sequence[Signal], actor: Actor, places: Reference, language: str) -> list[Look]:
    """Put together the lines of a list in a fixed number of statements."""
    ids = {it for row in rows for it in (row.report_id, row.other_report_id) if it is not None}
    cases = review_queries.rows_of(ids)
    names = names_for(actor, {it for row in rows for it in (row.worker_id, row.judged_by_id) if it})
    return [
        _signal(
            row,
            _case(cases[row.report_id], actor, places, language),
            _case(cases[row.other_report_id], actor, places, language)
            if row.other_report_id is not None
            else None,
            names,
            actor,
        )
        for row in rows
    ]


def signal(row: Signal, actor: Actor, places: Reference, language: str) -> Look:
    """Put together one signal with its photos, what its reports earned, and whether to judge it."""
    sides = _sides(
        [row.report_id, row.other_report_id],
        {row.facts.get("photo"), row.facts.get("other_photo")},
        actor,
        places,
        language,
    )
    names = names_for(actor, {it for it in (row.worker_id, row.judged_by_id) if it})
    case, other = sides
    assert case is not None
    subject = queries.subject_of_signal(row)
    return _signal(row, case, other, names, actor, subject=subject)


def _signal(
    row: Signal,
    case: Case,
    other: Case | None,
    names: dict[int, str],
    actor: Actor,
    *,
    subject: Subject | None = None,
) -> Look:
    whom = subject or Subject(row.street_code, frozenset({row.rider_id}))
    sees_trust = access.allowed(actor, FAIRNESS_TRUST, whom)
    return Look(
        id=row.id,
        kind=row.kind.value,
        facts={**row.facts, "same_rider": row.other_rider_id in (None, row.rider_id)},
        case=case,
        other=other,
        worker_name=names.get(row.worker_id) if row.worker_id else None,
        at=row.found_at,
        trust=Trust(row.trust).name.lower() if sees_trust else None,
        judgement=row.state.value,
        judged_by=names.get(row.judged_by_id) if row.judged_by_id else None,
        judged_at=row.judged_at,
        words=row.words,
        **_may(actor, subject),
    )


def _may(actor: Actor, subject: Subject | None) -> dict[str, bool]:
    if subject is None:
        return {}
    return {
        "may_judge": access.allowed(actor, FAIRNESS_JUDGE, subject),
        "decided_it": actor.member_id in subject.decider_ids,
    }


def sampled_rows(
    rows: Sequence[Sampled], actor: Actor, places: Reference, language: str
) -> list[Look]:
    """Put together the lines of a month's sample in a fixed number of statements."""
    cases = review_queries.rows_of({row.report_id for row in rows})
    names = names_for(actor, {row.judged_by_id for row in rows if row.judged_by_id})
    return [
        _sampled(row, _case(cases[row.report_id], actor, places, language), names, actor)
        for row in rows
    ]


def sampled(row: Sampled, actor: Actor, places: Reference, language: str) -> Look:
    """Put together one sampled report."""
    case = _sides([row.report_id], set(), actor, places, language)[0]
    names = names_for(actor, {it for it in (row.accepted_by_id, row.judged_by_id) if it})
    assert case is not None
    return _sampled(row, case, names, actor, queries.subject_of_sampled(row))


def _sampled(
    row: Sampled,
    case: Case,
    names: dict[int, str],
    actor: Actor,
    subject: Subject | None = None,
) -> Look:
    return Look(
        id=row.id,
        kind="sampled",
        facts={"month": row.month},
        case=case,
        other=None,
        worker_name=names.get(row.accepted_by_id),
        at=row.accepted_at,
        trust=None,
        judgement=row.finding.value if row.finding else None,
        judged_by=names.get(row.judged_by_id) if row.judged_by_id else None,
        judged_at=row.judged_at,
        words=row.words,
        **_may(actor, subject),
    )


def _sides(
    report_ids: Sequence[int | None],
    ones: Collection[str | None],
    actor: Actor,
    places: Reference,
    language: str,
) -> list[Case | None]:
    ids = [it for it in report_ids if it is not None]
    rows, photos = review_queries.rows_of(ids), reports_queries.photos_of(ids)
    awards = reversal_queries.awards_of({row.number for row in rows.values()})
    sides: list[Case | None] = []
    for report_id in report_ids:
        if report_id is None:
            sides.append(None)
            continue
        row = rows[report_id]
        shown = photos[report_id] if access.allowed(actor, REPORT_PHOTOS, row) else []
        pictures = [
            Photo(it.id, it.name, it.width, it.height, it.name in ones)
            for it in shown
            if it.kind.value == "before"
        ]
        # What the signal is about comes first and large.
        pictures.sort(key=lambda it: not it.is_the_one)
        sides.append(
            _case(row, actor, places, language, photos=pictures, awards=awards[row.number])
        )
    return sides


def _case(
    row: Any,
    actor: Actor,
    places: Reference,
    language: str,
    *,
    photos: Sequence[Photo] = (),
    awards: Sequence[Award] = (),
) -> Case:
    mine = access.allowed(actor, REPORT_READ, row)
    category, community = places.category(row.category_code), places.community(row.community_code)
    knows_rider = access.allowed(actor, REPORT_SEE_REPORTER, row)
    shows_photos = access.allowed(actor, REPORT_PHOTOS, row)
    return Case(
        number=row.number if mine else "",
        is_open_to_me=mine,
        category_name=category.name(language) if category else row.category_code,
        category_code=row.category_code,
        severity=row.severity,
        state=row.state.value,
        community_name=community.name if community else None,
        place_note=row.place_note if mine else "",
        description=row.description if mine else "",
        sent_at=row.created_at,
        alias=rider_alias(row.reporter_id) if knows_rider else None,
        thumb_name=row.thumb_name if shows_photos else None,
        photos=photos,
        awards=awards if mine else (),
    )
