"""Open cases on ground that changes hands when boundaries are imported. Steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import shapely
from shapely import STRtree
from sqlalchemy import select
from sqlalchemy.orm import Session

from grid_report.access import Actor
from grid_report.access.roles import Role
from grid_report.places.boundaries.changes import Passing
from grid_report.places.geo.reference import Reference
from grid_report.places.geo.routing import Area, MatchedBy
from grid_report.reports import signals, steps
from grid_report.reports.casework import effect_steps, notification_steps
from grid_report.reports.casework.assign_steps import assign
from grid_report.reports.commands import TakeStep
from grid_report.reports.earnings.evidence import has_own_position
from grid_report.reports.lifecycle import MOVES, OPEN, Step, move_for
from grid_report.reports.models import Report
from grid_report.reports.sources import LocatedBy
from grid_report.settings import Settings

# Where a transfer leads on from: on all other cases somebody works already, or waits for an answer.
MOVABLE = frozenset(state for state, step in MOVES if step is Step.TRANSFER)
SYSTEM = Actor(0, "")


@dataclass(frozen=True)
class Ground:
    """Answers for the cases of an app; see `places.boundaries.open_cases`."""

    places: Reference
    settings: Settings

    def passing(
        self, session: Session, before: Sequence[Area], after: Sequence[Area]
    ) -> tuple[Passing, ...]:
        """Count the open cases on ground that changes hands, by old and new community."""
        cases: Counter[tuple[str | None, str]] = Counter()
        movable: Counter[tuple[str | None, str]] = Counter()
        for _, state, had, gets in _found(session, before, after):
            cases[had, gets] += 1
            movable[had, gets] += state in MOVABLE
        pairs = sorted(cases, key=lambda pair: (pair[0] or "", pair[1]))
        return tuple(Passing(*pair, cases[pair], movable[pair]) for pair in pairs)

    def move(
        self,
        session: Session,
        before: Sequence[Area],
        after: Sequence[Area],
        *,
        actor: Actor | None,
        now: datetime,
    ) -> int:
        """Hand those that can go along to their new community; return how many.

        Each by a transfer, and what was nobody's is assigned: history, clocks and messages are
        those of such a step. A transfer is nobody's own decision here, so the community's say in
        a later one stays.
        """
        gets = {
            report_id: (had, community)
            for report_id, state, had, community in _found(session, before, after)
            if state in MOVABLE
        }
        reports = session.scalars(
            select(Report).where(Report.id.in_(gets)).order_by(Report.id).with_for_update()
        ).all()
        moved = 0
        for report in reports:
            had, community = gets[report.id]
            # What somebody assigned or transferred meanwhile stays where they put it.
            if report.state in MOVABLE and report.community_code == had:
                self._move(session, report, community, actor, now)
                moved += 1
        return moved

    def _move(
        self, session: Session, report: Report, community: str, actor: Actor | None, now: datetime
    ) -> None:
        signals.taken.send(session, report=report)
        role = Role.ADMINISTRATOR.value if actor else "system"
        marked = {"boundaries": [None, True]}
        if report.community_code is None:
            assign(
                session, report, self.places.communities[community],
                matched_by=MatchedBy.BOUNDARY, actor=actor, role=role, places=self.places,
                settings=self.settings, now=now, changes=marked,
            )  # fmt: skip
            return
        was = notification_steps.before(session, report)
        command = TakeStep(step=Step.TRANSFER, community=community)
        it = effect_steps.Deciding(
            session, report, command, actor or SYSTEM, now, self.places, self.settings
        )
        changes = effect_steps.DECISIONS[Step.TRANSFER](it)
        report.transfers -= 1
        steps.move(
            session,
            report,
            Step.TRANSFER,
            move_for(report.state, Step.TRANSFER),
            actor=actor,
            role=role,
            now=now,
            rules=self.settings.cases,
            changes=changes | marked,
        )
        happening = notification_steps.Happening(
            report,
            Step.TRANSFER,
            self.places,
            self.settings.county.code,
            now,
            was,
            actor_id=actor.member_id if actor else None,
            changes=changes,
        )
        notification_steps.tell(session, happening)


def _found(
    session: Session, before: Sequence[Area], after: Sequence[Area]
) -> list[tuple[int, object, str | None, str]]:
    """Return open cases whose ground another community gets: id, state, community, the new one.

    The community is none where nobody had the ground. Only where a place is known: a community
    chosen from the list is no ground.
    """
    rows = [
        row
        for row in session.execute(
            select(
                Report.id,
                Report.state,
                Report.community_code,
                Report.lat,
                Report.lng,
                Report.accuracy_m,
                Report.matched_by,
                Report.located_by,
            )
            .where(Report.state.in_(sorted(OPEN)))
            .order_by(Report.id)
        )
        if _lies_somewhere(row)
    ]
    spots = shapely.points([(row.lng, row.lat) for row in rows]) if rows else []
    had, gets = _owners(before, spots), _owners(after, spots)
    return [
        (row.id, row.state, row.community_code, new)
        for row, old, new in zip(rows, had, gets, strict=True)
        if new is not None
        and new != row.community_code
        # Nobody's case goes to whoever has its ground, also where that one had it before.
        and (row.community_code is None or new != old)
    ]


def _lies_somewhere(row: Any) -> bool:
    """Tell whether a case lies where it says, and at no stand-in for a place that was chosen."""
    if row.community_code is None:
        return row.located_by is not LocatedBy.NOWHERE
    return has_own_position(row)


def _owners(areas: Sequence[Area], spots: Sequence[shapely.Point]) -> list[str | None]:
    """Return whose area holds each spot: of several the smallest, as the router has it."""
    owners: list[str | None] = [None] * len(spots)
    if not len(spots) or not areas:
        return owners
    ranked = sorted(areas, key=lambda area: area.rank)
    tree = STRtree([area.shape for area in ranked])
    asked, held = tree.query(spots, predicate="intersects")
    for spot, index in sorted(zip(asked.tolist(), held.tolist(), strict=True), reverse=True):
        owners[spot] = ranked[index].community_code
    return owners
