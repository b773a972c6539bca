"""The only module that answers "may this actor do this to that?".

Two tables: `PARTS` says what an actor is to one report (the lifecycle says which part may take
which step), `RULES` says who may do everything else. What is in neither is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from grid_report.accounts.roles import STAFF, Role
from grid_report.actions import Action
from grid_report.errors import Conflict, Forbidden, NotFound
from grid_report.fairness.judging import may_judge, reviews
from grid_report.offers.permits.lifecycle import ApplicationStep, application_move
from grid_report.offers.permits.lifecycle import Side as CardSide
from grid_report.offers.redemptions.lifecycle import (
    DELIVERED_ONCE,
    REDEMPTION_MOVES,
    By,
    RedemptionStep,
)
from grid_report.offers.settlements.lifecycle import Side
from grid_report.reports.lifecycle import MOVES, Part, State, Step
from grid_report.statistics.readers import reads_figures

__all__ = [
    "BODY",
    "PARTS",
    "RULES",
    "Action",
    "Actor",
    "Grant",
    "allowed",
    "allowed_application_step",
    "allowed_step",
    "application_sides",
    "check",
    "check_application_step",
    "check_step",
    "parts",
]


@dataclass(frozen=True)
class Grant:
    """One role at one place (a community, street or unit code; None for riders)."""

    role: Role
    place: str | None = None


@dataclass(frozen=True)
class Actor:
    """Who is asking. Made from the sign-in by routes, by jobs as `SYSTEM`."""

    member_id: int
    name: str
    grants: frozenset[Grant] = frozenset()
    sign_in_id: int | None = None
    language: str = "zh_CN"

    def places(self, role: Role) -> frozenset[str]:
        """Return the codes of the places where the role is held."""
        return frozenset(g.place for g in self.grants if g.role is role and g.place)

    def has(self, *roles: Role) -> bool:
        """Tell whether any of the roles is held anywhere."""
        return any(grant.role in roles for grant in self.grants)

    @property
    def is_staff(self) -> bool:
        """Tell whether any role but the rider's is held: staff accounts earn nothing."""
        return any(grant.role in STAFF for grant in self.grants)


# The public body of a place: those who triage and decide.
BODY: Final = frozenset({Part.WORKER, Part.STREET})


def parts(who: Actor, it: Any) -> frozenset[Part]:
    """Return everything this actor is to a report. Own reports leave only the rider's part."""
    if it.reporter_id == who.member_id:
        return frozenset({Part.RIDER})
    return frozenset(part for part, holds in PARTS.items() if holds(who, it))


def _works_for_community(who: Actor, it: Any) -> bool:
    return it.community_code is not None and it.community_code in who.places(Role.WORKER)


def _supervises(who: Actor, it: Any) -> bool:
    return it.street_code is not None and it.street_code in who.places(Role.SUPERVISOR)


def _is_of_the_unit(who: Actor, it: Any) -> bool:
    # A unit named at acceptance learns nothing before the dispatch.
    return (
        it.dispatched_at is not None
        and it.unit_code is not None
        and it.unit_code in who.places(Role.HANDLER)
    )


def _handles(who: Actor, it: Any) -> bool:
    if it.self_handled:
        return _works_for_community(who, it)
    return _is_of_the_unit(who, it)


def _may_check(who: Actor, it: Any) -> bool:
    return (
        (_works_for_community(who, it) or _supervises(who, it))
        and who.member_id not in (it.handled_by_id, it.started_by_id)
        and not _is_of_the_unit(who, it)
    )


PARTS: Final[Mapping[Part, Callable[[Actor, Any], bool]]] = {
    Part.WORKER: _works_for_community,
    Part.STREET: _supervises,
    Part.UNIT: _is_of_the_unit,
    Part.HANDLER: _handles,
    Part.CHECKER: _may_check,
}


def _has(*roles: Role) -> Callable[[Actor, Any], bool]:
    return lambda who, it: who.has(*roles)


def _reads(who: Actor, it: Any) -> bool:
    return bool(parts(who, it)) or who.has(Role.ADMINISTRATOR, Role.AUDITOR)


def _sees_photos(who: Actor, it: Any) -> bool:
    return bool(parts(who, it)) if it.sensitive else _reads(who, it)


def _reads_budget(who: Actor, it: Any) -> bool:
    """Without a community: whether there is any whose budget this actor may read."""
    if it is None:
        return who.has(Role.WORKER, Role.SUPERVISOR, Role.ADMINISTRATOR, Role.AUDITOR)
    return (
        who.has(Role.ADMINISTRATOR, Role.AUDITOR)
        or it.code in who.places(Role.WORKER)
        or _supervises(who, it)
    )


def _judges(who: Actor, it: Any) -> bool:
    # Neither the rider nor those who took the decision; the county where a street has nobody else.
    return who.member_id not in (it.rider_id, it.decided_by_id, it.approved_by_id) and (
        _supervises(who, it) or who.has(Role.ADMINISTRATOR)
    )


def _redeemed_it(who: Actor, it: Any) -> bool:
    return bool(it.rider_id == who.member_id)


def _hands_it_out(who: Actor, it: Any) -> bool:
    return it.station_code is not None and it.station_code in who.places(Role.STATION_STAFF)


def _reads_redemption(who: Actor, it: Any) -> bool:
    return (
        _redeemed_it(who, it) or _hands_it_out(who, it) or who.has(Role.ADMINISTRATOR, Role.AUDITOR)
    )


def _works_for_provider(who: Actor, it: Any) -> bool:
    return bool(it.stations & who.places(Role.STATION_STAFF))


def _reads_statement(who: Actor, it: Any) -> bool:
    return _works_for_provider(who, it) or who.has(Role.ADMINISTRATOR, Role.AUDITOR)


def _answers(side: Side, who: Actor, it: Any) -> bool:
    """Tell whether the other side has objected; nobody answers oneself."""
    return it.disputed_side not in (None, side) and it.disputed_by_id != who.member_id


def _may_step(step: RedemptionStep) -> Callable[[Actor, Any], bool]:
    """Say who may take a step of a redemption, from the table of its moves."""
    by = frozenset().union(
        *(move.by for (_, taken), move in REDEMPTION_MOVES.items() if taken is step)
    )

    def rule(who: Actor, it: Any) -> bool:
        if _redeemed_it(who, it):
            # Nobody hands out to oneself, or decides about the own service.
            return By.RIDER in by
        return (By.STATION in by and _hands_it_out(who, it)) or (
            By.ADMINISTRATOR in by and who.has(Role.ADMINISTRATOR)
        )

    return rule


def application_sides(who: Actor, it: Any) -> frozenset[CardSide]:
    """Return everything this actor is to one application. Own ones leave only the rider's side."""
    if it.rider_id == who.member_id:
        return frozenset({CardSide.RIDER})
    firm = it.unit_code is not None and it.unit_code in who.places(Role.HANDLER)
    community = it.community_code in who.places(Role.WORKER)
    # Who has the cards: the property firm, or the community where there is none.
    keeper = firm if it.unit_code is not None else community
    held = {
        CardSide.PROPERTY: firm,
        CardSide.COMMUNITY: community,
        CardSide.KEEPER: keeper,
        CardSide.ADMINISTRATOR: who.has(Role.ADMINISTRATOR),
    }
    return frozenset(side for side, holds in held.items() if holds)


def _reads_application(who: Actor, it: Any) -> bool:
    return bool(application_sides(who, it)) or who.has(Role.AUDITOR)


def _sets_owner_price(who: Actor, it: Any) -> bool:
    """Its compound's property firm, or the county; `it.firms` are the firms that cover it."""
    return who.has(Role.ADMINISTRATOR) or bool(it.firms & who.places(Role.HANDLER))


RULES: Final[Mapping[Action, Callable[[Actor, Any], bool]]] = {
    Action.REPORT_SUBMIT: _has(Role.RIDER),
    Action.REPORT_READ: _reads,
    Action.REPORT_PHOTOS: _sees_photos,
    # The unit and the party complained about never learn who reported.
    Action.REPORT_SEE_REPORTER: lambda who, it: (
        bool(parts(who, it) & {Part.RIDER, Part.WORKER, Part.STREET})
        and not _is_of_the_unit(who, it)
    ),
    Action.REPORT_NOTE: lambda who, it: bool(parts(who, it) - {Part.RIDER}),
    Action.REPORT_URGE: lambda who, it: Part.STREET in parts(who, it),
    Action.REPORT_RATE: lambda who, it: Part.RIDER in parts(who, it) and it.state is State.CLOSED,
    Action.REPORT_ASSIGN: lambda who, it: (
        who.has(Role.ADMINISTRATOR) and it.reporter_id != who.member_id
    ),
    Action.DESK_OPEN: _has(Role.WORKER, Role.SUPERVISOR, Role.ADMINISTRATOR, Role.AUDITOR),
    Action.UNIT_OPEN: _has(Role.HANDLER),
    Action.UNROUTED_LIST: _has(Role.ADMINISTRATOR, Role.AUDITOR),
    Action.MEMBERS_READ: _has(Role.ADMINISTRATOR, Role.AUDITOR),
    Action.MEMBERS_MANAGE: _has(Role.ADMINISTRATOR),
    # With the person standing there; nobody vouches for oneself.
    Action.NUMBER_CONFIRM: lambda who, it: (
        who.has(Role.STATION_STAFF, Role.WORKER, Role.ADMINISTRATOR)
        and (it is None or it.rider_id != who.member_id)
    ),
    Action.BOUNDARIES_READ: _has(Role.ADMINISTRATOR, Role.AUDITOR),
    Action.BOUNDARIES_IMPORT: _has(Role.ADMINISTRATOR),
    Action.CATEGORIES_READ: _has(Role.ADMINISTRATOR, Role.AUDITOR, Role.SUPERVISOR, Role.WORKER),
    Action.UNITS_LIST: _has(*STAFF),
    Action.POINTS_READ_OWN: _has(Role.RIDER),
    Action.BUDGET_GRANT: _has(Role.ADMINISTRATOR),
    Action.BUDGETS_READ: _reads_budget,
    Action.OBJECTIONS_READ: _has(Role.SUPERVISOR, Role.ADMINISTRATOR, Role.AUDITOR),
    Action.OBJECTION_ANSWER: _judges,
    Action.PROPOSALS_READ: _has(Role.ADMINISTRATOR, Role.AUDITOR),
    # Nobody approves an own proposal, nor one about oneself.
    Action.PROPOSAL_DECIDE: lambda who, it: (
        who.has(Role.ADMINISTRATOR) and who.member_id not in (it.proposed_by_id, it.rider_id)
    ),
    Action.TARIFF_READ: _has(Role.ADMINISTRATOR, Role.AUDITOR),
    Action.TARIFF_DRAFT: _has(Role.ADMINISTRATOR),
    Action.POINTS_LEARN: _has(Role.RIDER),
    Action.MERIT_PROPOSE: lambda who, it: bool(parts(who, it) & BODY),
    Action.RECHECK_ASK: lambda who, it: bool(parts(who, it) & BODY) and it.state is State.HANDLED,
    Action.RECHECK_ANSWER: lambda who, it: (
        Part.RIDER in parts(who, it) and it.state in (State.HANDLED, State.CLOSED)
    ),
    Action.OFFERS_READ: lambda who, it: True,
    Action.OFFERS_REDEEM: _has(Role.RIDER),
    Action.OFFERS_LIST: _has(Role.ADMINISTRATOR, Role.AUDITOR),
    Action.OFFERS_MANAGE: _has(Role.ADMINISTRATOR),
    Action.SLOT_CALL_OFF: lambda who, it: who.has(Role.ADMINISTRATOR) or _hands_it_out(who, it),
    Action.REDEMPTION_READ: _reads_redemption,
    Action.REDEMPTION_CANCEL: _may_step(RedemptionStep.CANCEL),
    Action.REDEMPTION_CALL_OFF: _may_step(RedemptionStep.PROVIDER_CANCEL),
    Action.REDEMPTION_DISPUTE: _may_step(RedemptionStep.DISPUTE),
    Action.REDEMPTION_REFUND: _may_step(RedemptionStep.REFUND),
    Action.REDEMPTION_DECIDE: _may_step(RedemptionStep.DISMISS),
    Action.REDEMPTION_RATE: lambda who, it: _redeemed_it(who, it) and it.state in DELIVERED_ONCE,
    Action.STATION_OPEN: _has(Role.STATION_STAFF),
    Action.VOUCHER_CONFIRM: _may_step(RedemptionStep.CONFIRM),
    Action.STATEMENTS_LIST: _has(Role.ADMINISTRATOR, Role.AUDITOR),
    Action.STATEMENT_READ: _reads_statement,
    Action.STATEMENT_CONFIRM: _works_for_provider,
    # Whoever holds both roles still is one person.
    Action.STATEMENT_COUNTERSIGN: lambda who, it: (
        who.has(Role.ADMINISTRATOR) and it.provider_confirmed_by_id != who.member_id
    ),
    Action.STATEMENT_DISPUTE: _works_for_provider,
    Action.STATEMENT_EXPLAIN: lambda who, it: (
        _works_for_provider(who, it) and _answers(Side.PROVIDER, who, it)
    ),
    Action.STATEMENT_QUERY: _has(Role.ADMINISTRATOR),
    Action.STATEMENT_DECIDE: lambda who, it: (
        who.has(Role.ADMINISTRATOR) and _answers(Side.COUNTY, who, it)
    ),
    # In place of a provider who stays silent: never one's own objection, never one's own provider.
    Action.STATEMENT_STAND_IN: lambda who, it: (
        who.has(Role.ADMINISTRATOR)
        and it.disputed_by_id != who.member_id
        and not _works_for_provider(who, it)
    ),
    Action.APPLICATION_READ: _reads_application,
    Action.APPLICATIONS_LIST: _has(Role.HANDLER, Role.WORKER, Role.ADMINISTRATOR, Role.AUDITOR),
    Action.OWNER_PRICE_SET: _sets_owner_price,
    Action.PAPERS_READ: _has(Role.HANDLER, Role.ADMINISTRATOR, Role.AUDITOR),
    Action.PAPERS_MANAGE: _has(Role.ADMINISTRATOR),
    Action.STATISTICS_OPEN: reads_figures,
    Action.STATISTICS_READ: reads_figures,
    Action.STATISTICS_FREEZE: _has(Role.ADMINISTRATOR),
    Action.STATISTICS_DELIVER: _has(Role.ADMINISTRATOR),
    Action.AUDIT_READ: _has(Role.ADMINISTRATOR, Role.AUDITOR),
    Action.JOURNAL_READ: _has(Role.ADMINISTRATOR, Role.AUDITOR),
    # Administrators know whom they manage; whoever only oversees gives a reason that is kept.
    Action.MEMBERS_LOOK: lambda who, it: who.has(Role.AUDITOR) and not who.has(Role.ADMINISTRATOR),
    Action.DELIVERIES_READ: _has(Role.ADMINISTRATOR, Role.AUDITOR),
    Action.FAIRNESS_READ: lambda who, it: reviews(who, it, Role.ADMINISTRATOR, Role.AUDITOR),
    Action.FAIRNESS_JUDGE: may_judge,
    # A help for the order of the street's own work; the county has no use for it.
    Action.FAIRNESS_TRUST: reviews,
}


def allowed(who: Actor, action: Action, it: Any = None) -> bool:
    """Answer for templates and queries; `check` is the same question with teeth."""
    rule = RULES.get(action)
    return rule is not None and rule(who, it)


def check(who: Actor, action: Action, it: Any = None) -> None:
    """Refuse what is not allowed. Raises NotFound when the thing is not even visible, Forbidden."""
    if allowed(who, action, it):
        return
    if it is not None and hasattr(it, "reporter_id") and not _reads(who, it):
        raise NotFound
    if hasattr(it, "compound_code") and hasattr(it, "rider_id") and not _reads_application(who, it):
        raise NotFound
    is_redemption = hasattr(it, "rider_id") and hasattr(it, "station_code")
    if is_redemption and not _reads_redemption(who, it):
        raise NotFound
    if hasattr(it, "stations") and not _reads_statement(who, it):
        raise NotFound
    raise Forbidden


def allowed_step(who: Actor, it: Any, step: Step) -> bool:
    """Tell whether the lifecycle lets this actor take this step on this report now."""
    move = MOVES.get((it.state, step))
    return move is not None and bool(move.by & _parts_for(who, it, step))


def check_step(who: Actor, it: Any, step: Step) -> None:
    """Refuse a step to those it is not for. The state was checked before. Raises as `check`."""
    if not MOVES[(it.state, step)].by & _parts_for(who, it, step):
        raise Forbidden if _reads(who, it) else NotFound


def _parts_for(who: Actor, it: Any, step: Step) -> frozenset[Part]:
    """Leave out the parts that have used up their say: the rest goes to the street."""
    mine = parts(who, it)
    used_up = {
        Step.TRANSFER: it.transfers >= 1,
        Step.DISPATCH: it.returns >= 2,
        Step.EXTEND: it.extensions >= 1,
    }
    return mine - {Part.WORKER} if used_up.get(step) else mine


def allowed_application_step(who: Actor, it: Any, step: ApplicationStep) -> bool:
    """Tell whether the table lets this actor take this step on this application now."""
    try:
        move = application_move(it.state, step, has_firm=it.unit_code is not None)
    except Conflict:
        return False
    sides = application_sides(who, it)
    if step is ApplicationStep.RESUME and sides == {CardSide.RIDER}:
        # What others stopped is not the rider's to start again.
        return bool(it.paused_by_id == who.member_id)
    return bool(move.by & sides)


def check_application_step(who: Actor, it: Any, step: ApplicationStep) -> None:
    """Refuse a step to those it is not for, and one that leads nowhere.

    Raises NotFound, IllegalApplicationStep, Forbidden.
    """
    if not _reads_application(who, it):
        raise NotFound
    application_move(it.state, step, has_firm=it.unit_code is not None)
    if not allowed_application_step(who, it, step):
        raise Forbidden
