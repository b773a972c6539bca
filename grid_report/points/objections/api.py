"""Calls of the API: a rider's objections to points decisions, and the street's answers."""

from __future__ import annotations

from flask import Response

from grid_report import access, clock
from grid_report.access import Actor
from grid_report.errors import Invalid
from grid_report.places.queries import reference
from grid_report.points.objections import queries as objections_queries
from grid_report.points.objections import shapes
from grid_report.points.objections import usecases as objections_usecases
from grid_report.points.objections.queries import ObjectionView
from grid_report.points.objections.rules import Decision, ObjectionStep, Subject
from grid_report.points.permissions import OBJECTION_ANSWER, OBJECTIONS_READ, POINTS_READ_OWN
from grid_report.web.api.operations import bp, operation
from grid_report.web.api.reading import answer, json_body, query
from grid_report.web.api.shapes import PageQuery
from grid_report.web.context import current_actor, settings
from grid_report.web.paging import DEFAULT_LIMIT, pack, unpack_id
from grid_report.web.text import clean


def _rider() -> Actor:
    actor = current_actor()
    access.check(actor, POINTS_READ_OWN)
    return actor


def _shown(it: ObjectionView) -> shapes.ObjectionShown:
    return shapes.ObjectionShown.of(it, reference())


@bp.get("/me/points/objections")
@operation(
    summary="The rider's objections, newest first",
    query=PageQuery,
    answers={200: shapes.ObjectionList},
    refuses=(403, 422),
)
def my_objections() -> Response:
    """List what the rider objected to."""
    rider, asked = _rider(), query(PageQuery)
    limit = asked.limit or DEFAULT_LIMIT
    found = objections_queries.list_own(
        rider.member_id, clock.now(), limit + 1, unpack_id(asked.cursor)
    )
    shown = shapes.ObjectionList(
        items=[_shown(it) for it in found[:limit]],
        next=pack(found[limit - 1].id) if len(found) > limit else None,
    )
    return answer(shown)


@bp.post("/me/points/objections")
@operation(
    summary="Object to a decision about points, once",
    json=shapes.ObjectRequest,
    answers={201: shapes.ObjectionShown},
    refuses=(403, 404, 409, 415, 422),
)
def raise_objection() -> Response:
    """Take an objection; the same words to the same decision again find the same one."""
    rider, now = _rider(), clock.now()
    body = json_body(shapes.ObjectRequest)
    given = [(it, str(body[it.value])) for it in Subject if body.get(it.value) is not None]
    if not given:
        raise Invalid.field("entry", "field-needed")
    subject, key = given.pop()
    if given:
        raise Invalid.field(subject.value, "value-unknown")
    objection_id = objections_usecases.raise_objection(
        Decision(subject, clean(key)),
        words=clean(body["words"]),
        days=settings().points.objection_days,
        actor=rider,
        places=reference(),
        now=now,
    )
    found = objections_queries.own(objection_id, rider.member_id, now)
    # The decision itself is the key: what was raised before is found, not made.
    return answer(_shown(found), 201, replayed=found.raised_at != now)


@bp.get("/me/points/objections/<int:objection_id>")
@operation(
    summary="One of the rider's objections: who answers by when, and the answer",
    answers={200: shapes.ObjectionShown},
    refuses=(403, 404),
)
def my_objection(objection_id: int) -> Response:
    """Show a rider's objection."""
    found = objections_queries.own(objection_id, _rider().member_id, clock.now())
    return answer(_shown(found))


@bp.post("/me/points/objections/<int:objection_id>/withdraw")
@operation(
    summary="Take an objection back; twice is once",
    answers={200: shapes.ObjectionShown},
    refuses=(403, 404, 409),
)
def withdraw_objection(objection_id: int) -> Response:
    """Take it back while nobody has answered."""
    rider, now = _rider(), clock.now()
    objections_usecases.withdraw_objection(objection_id, actor=rider, now=now)
    return answer(_shown(objections_queries.own(objection_id, rider.member_id, now)))


def _at_desk(it: ObjectionView) -> shapes.ObjectionAtDesk:
    return shapes.ObjectionAtDesk.seen_by(it, current_actor(), reference())


@bp.get("/objections")
@operation(
    summary="Objections in the caller's streets, newest first",
    query=shapes.ObjectionQuery,
    answers={200: shapes.ObjectionDeskList},
    refuses=(403, 422),
)
def list_objections() -> Response:
    """List what waits for an answer, and what was answered."""
    actor = current_actor()
    access.check(actor, OBJECTIONS_READ)
    asked = query(shapes.ObjectionQuery)
    found, following = objections_queries.page_of(
        actor,
        clock.now(),
        state=asked.state,
        before=unpack_id(asked.cursor),
        limit=asked.limit or DEFAULT_LIMIT,
    )
    shown = shapes.ObjectionDeskList(
        items=[_at_desk(it) for it in found],
        next=pack(following) if following is not None else None,
    )
    return answer(shown)


@bp.get("/objections/<int:objection_id>")
@operation(
    summary="One objection, for those who answer",
    answers={200: shapes.ObjectionAtDesk},
    refuses=(403, 404),
)
def show_objection(objection_id: int) -> Response:
    """Show one objection."""
    return answer(_at_desk(objections_queries.one(objection_id, current_actor(), clock.now())))


@bp.post("/objections/<int:objection_id>/answer")
@operation(
    summary="Uphold or reject an objection, in words that go to the rider",
    json=shapes.AnswerRequest,
    answers={200: shapes.ObjectionAtDesk},
    refuses=(403, 404, 409, 415, 422),
)
def answer_objection(objection_id: int) -> Response:
    """Answer; what an upheld one changes is proposed and approved by people afterwards."""
    actor, now = current_actor(), clock.now()
    # Whoever may not read it learns nothing of it, not even by a mistake in the body.
    found = objections_queries.one(objection_id, actor, now)
    access.check(actor, OBJECTION_ANSWER, found)
    body = json_body(shapes.AnswerRequest)
    objections_usecases.answer_objection(
        objection_id, ObjectionStep(body["step"]), words=clean(body["words"]), actor=actor, now=now
    )
    return answer(_at_desk(objections_queries.one(objection_id, actor, now)))
