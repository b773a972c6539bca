"""What each step changes on the row besides the state. Called before `steps.move`.

One small function a step; each gets the locked report and the checked command, changes the
fields the step is about, and returns what history should remember as changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from grid_report.access import Actor
from grid_report.clock import local_day
from grid_report.errors import Forbidden, Invalid
from grid_report.places.geo.categories import CategoryInfo
from grid_report.places.geo.reference import Reference
from grid_report.places.geo.routing import MatchedBy
from grid_report.reports import clocks, queries, steps
from grid_report.reports.casework import lead_steps
from grid_report.reports.casework.merged import Followed
from grid_report.reports.commands import TakeStep
from grid_report.reports.earnings import evidence
from grid_report.reports.errors import MergeTargetNotOpen, ReopenTooLate
from grid_report.reports.lifecycle import OPEN, Need, Part, Step
from grid_report.reports.models import Report
from grid_report.reports.permissions import parts
from grid_report.settings import Cases, Settings

Changes = dict[str, Any]


@dataclass(frozen=True)
class Deciding:
    """Everything a decision may look at."""

    session: Session
    report: Report
    command: TakeStep
    actor: Actor
    now: datetime
    places: Reference
    settings: Settings
    # What it is merged into; and who leads the case when this one leaves it.
    target: Report | None = None
    heir: Report | None = None
    # The merged report from whose page its rider acts on the case.
    own: Report | None = None

    @property
    def seen(self) -> Any:
        """The report as the actor has it: a case one's own report is merged into is one's own."""
        return self.report if self.own is None else Followed(self.report, self.own.reporter_id)


def missing(command: TakeStep, needs: tuple[Need, ...]) -> Invalid:
    """Return every need of a step that was not brought along, each naming its field."""
    problems = Invalid()
    for need in needs:
        if need is Need.WORDS_OR_PHOTOS:
            if not (command.note or command.reason or command.photos):
                problems.add("note", "words-or-photo-needed")
        elif need is Need.REASON:
            # A question to the rider may come as either word.
            if not (command.reason or command.note):
                problems.add("reason", "reason-needed")
        elif need is Need.PHOTOS:
            if not command.photos:
                problems.add("photos", "after-photo-needed")
        elif getattr(command, need.value) in (None, ""):
            problems.add(need.value, f"{need.value.replace('_', '-')}-needed")
    return problems


def _accept(it: Deciding) -> Changes:
    report, command = it.report, it.command
    assert command.category is not None
    assert command.severity is not None
    category = it.places.categories.get(command.category)
    if category.code != report.category_code:
        category = it.places.categories.get_in_use(command.category)
    changes: Changes = {}
    if command.evidence:
        if not evidence.is_good(report, queries.list_photos(report.id)):
            raise Invalid.field("evidence", "evidence-not-enough")
        changes["evidence"] = [None, True]
    if category.code != report.category_code:
        changes["category"] = [report.category_code, category.code]
    if command.severity != report.severity:
        changes["severity"] = [report.severity, command.severity]
    report.category_code, report.group_code = category.code, category.group_code
    report.sensitive = category.sensitive
    report.severity = command.severity
    report.accepted_at = it.now
    report.first_accepted_at = report.first_accepted_at or it.now
    report.accepted_in_time = it.now <= report.accept_due
    if "category" in changes:
        due = clocks.deadlines(
            clocks.began(report.created_at, report.reopened_at, report.stopped_s),
            hours(category, it.settings.cases),
        )
        # Acceptance was judged by the clock that ran until now.
        steps.set_due(report, clocks.Deadlines(report.accept_due, due.control, due.fix, due.close))
    if command.unit:
        changes["unit"] = [None, _covering_unit(it)]
        report.unit_code = command.unit
    return changes


def hours(category: CategoryInfo, rules: Cases) -> clocks.Hours:
    """Return how long a category gives."""
    return clocks.Hours(
        accept=category.accept_hours,
        control=category.control_hours,
        fix=category.deadline_hours,
        close=rules.check_hours + rules.close_hours,
    )


def _hours_of(it: Deciding) -> clocks.Hours:
    return hours(it.places.categories.get(it.report.category_code), it.settings.cases)


def _covering_unit(it: Deciding) -> str:
    assert it.command.unit is not None
    if it.report.community_code is None or not it.places.unit_covers(
        it.command.unit, it.report.community_code
    ):
        raise Invalid.field("unit", "unit-does-not-cover")
    return it.command.unit


def _transfer(it: Deciding) -> Changes:
    report = it.report
    community = it.places.community(it.command.community)
    if community is None:
        raise Invalid.field("community", "community-unknown")
    if community.code == report.community_code:
        raise Invalid.field("community", "community-is-the-same")
    changes: Changes = {"community": [report.community_code, community.code]}
    report.community_code, report.street_code = community.code, community.street_code
    report.matched_by = MatchedBy.BY_HAND
    report.transfers += 1
    report.clarified_s = 0
    report.accepted_at = report.accepted_in_time = None
    report.unit_code = None
    steps.begin_acceptance(report, _hours_of(it), it.now)
    return changes


def _merge(it: Deciding) -> Changes:
    target = it.target
    if target is None or target.id == it.report.id:
        raise Invalid.field("into", "merge-target-unknown")
    if not parts(it.actor, target) & {Part.WORKER, Part.STREET}:
        # The same answer as for a number that does not exist.
        raise Invalid.field("into", "merge-target-unknown")
    if target.state not in OPEN:
        raise MergeTargetNotOpen(target.number)
    steps.follow_to(it.session, it.report, target)
    return {"into": [None, target.number]}


def _withdraw(it: Deciding) -> Changes:
    """Take this rider out; what others saw too goes on without."""
    if it.heir is None:
        return {}
    question = queries.open_question(it.session, it.report)
    lead_steps.hand_on(
        it.session,
        it.report,
        it.heir,
        rules=it.settings.cases,
        now=it.now,
        words=question or "",
    )
    return {"lead": [it.report.number, it.heir.number]}


def _dispatch(it: Deciding) -> Changes:
    changes: Changes = {"unit": [it.report.unit_code, _covering_unit(it)]}
    it.report.unit_code = it.command.unit
    it.report.dispatched_at = it.now
    it.report.self_handled = False
    return changes


def _return(it: Deciding) -> Changes:
    changes: Changes = {"unit": [it.report.unit_code, None]}
    it.report.unit_code = None
    it.report.dispatched_at = None
    it.report.returns += 1
    return changes


def _start(it: Deciding) -> Changes:
    report = it.report
    mine = parts(it.actor, report)
    changes: Changes = {}
    report.started_at = it.now
    report.started_by_id = it.actor.member_id
    report.self_handled = Part.UNIT not in mine
    if report.self_handled and report.unit_code is not None:
        changes["unit"] = [report.unit_code, None]
        report.unit_code = None
        report.dispatched_at = None
    return changes


def _control(it: Deciding) -> Changes:
    if it.report.controlled_at is None:
        it.report.controlled_at = it.now
    return {}


def _extend(it: Deciding) -> Changes:
    deadline = it.command.deadline
    assert deadline is not None
    if deadline <= max(it.now, it.report.fix_due):
        raise Invalid.field("deadline", "deadline-not-later")
    changes: Changes = {"deadline": [it.report.fix_due.isoformat(), deadline.isoformat()]}
    steps.set_due(it.report, clocks.extended(steps.due_of(it.report), deadline))
    it.report.extensions += 1
    return changes


def _suspend(it: Deciding) -> Changes:
    review_on = it.command.review_on
    assert review_on is not None
    if review_on <= local_day(it.now, it.settings.county.tz):
        raise Invalid.field("review_on", "review-not-later")
    it.report.suspended_from = it.report.state
    it.report.review_on = review_on
    return {"review_on": [None, review_on.isoformat()]}


def _handle(it: Deciding) -> Changes:
    it.report.handled_at = it.now
    it.report.handled_by_id = it.actor.member_id
    return {}


def _pass(it: Deciding) -> Changes:
    it.report.closed_at = it.now
    return {}


def _fail(it: Deciding) -> Changes:
    it.report.handled_at = None
    it.report.handled_by_id = None
    it.report.reworks += 1
    return {}


def _reopen(it: Deciding) -> Changes:
    report = it.report
    assert report.closed_at is not None
    if Part.RIDER in parts(it.actor, it.seen) and it.now > report.closed_at + timedelta(
        days=it.settings.cases.reopen_days
    ):
        raise ReopenTooLate(it.settings.cases.reopen_days)
    changes: Changes = {"closed_at": [report.closed_at.isoformat(), None]}
    if report.unit_code is not None:
        changes["unit"] = [report.unit_code, None]
    report.reopenings += 1
    steps.end_round(it.session, report, it.now)
    # A round of its own: no instant of the one before is in it. Whether that was accepted in time,
    # and when the rider had a first answer, is not of a round.
    steps.set_due(report, clocks.deadlines(it.now, _hours_of(it)))
    for name in ("closed_at", "handled_at", "handled_by_id", "started_at", "started_by_id"):
        setattr(report, name, None)
    report.controlled_at = report.dispatched_at = report.unit_code = None
    report.self_handled = False
    report.reopened_at, report.stopped_s = it.now, 0
    report.clarified_s = 0
    report.accepted_at, report.accept_from = it.now, None
    return changes


def _recall(it: Deciding) -> Changes:
    """Take a case back; what was promised and what was made safe stays as it is."""
    report = it.report
    steps.keep_recall(it.session, report, actor=it.actor, now=it.now)
    changes: Changes = {} if report.self_handled else {"unit": [report.unit_code, None]}
    report.unit_code = report.dispatched_at = report.started_at = report.started_by_id = None
    report.self_handled = False
    return changes


def _nothing(it: Deciding) -> Changes:
    return {}


DECISIONS: Final[Mapping[Step, Callable[[Deciding], Changes]]] = {
    Step.ACCEPT: _accept,
    Step.REJECT: _nothing,
    Step.ASK: _nothing,
    Step.SUPPLEMENT: _nothing,
    Step.WITHDRAW: _withdraw,
    Step.MERGE: _merge,
    Step.TRANSFER: _transfer,
    Step.DISPATCH: _dispatch,
    Step.RETURN: _return,
    Step.START: _start,
    Step.CONTROL: _control,
    Step.EXTEND: _extend,
    Step.SUSPEND: _suspend,
    Step.RESUME: _nothing,
    Step.HANDLE: _handle,
    Step.PASS: _pass,
    Step.FAIL: _fail,
    Step.REOPEN: _reopen,
    Step.RECALL: _recall,
    Step.CLARIFY: _nothing,
    Step.LEAD: _nothing,
}

# What the community and the unit say to each other is not the rider's to read.
INTERNAL_REASON: Final = frozenset(
    {Step.RETURN, Step.FAIL, Step.URGE, Step.NOTE, Step.TRANSFER, Step.RECALL}
)


def role_for(actor: Actor, report: Any, by: frozenset[Part]) -> str:
    """Return the role history names for a step: the part that let the actor take it."""
    mine = parts(actor, report) & by
    for part, role in steps.ROLE_OF_PART.items():
        if part in mine:
            return role.value
    # Whoever is in charge or checks is one of the three below.
    mine = parts(actor, report)
    for part in (Part.UNIT, Part.WORKER, Part.STREET):
        if part in mine:
            return steps.ROLE_OF_PART[part].value
    raise Forbidden


def check_needs(command: TakeStep, needs: tuple[Need, ...]) -> None:
    """Raise Invalid naming everything a step needs and did not get."""
    missing(command, needs).raise_if_any()
