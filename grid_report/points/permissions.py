"""Who earns points, hands them out, answers for a decision about them, and reads the journal."""

from __future__ import annotations

from typing import Final, Protocol

from grid_report.access import Actor, Permission, anyone_with
from grid_report.access.roles import Role


class Payer(Protocol):
    """A community, from whose budget riders are paid."""

    @property
    def code(self) -> str: ...
    @property
    def street_code(self) -> str: ...


class Contested(Protocol):
    """An objection, with those who took the decision it is about."""

    @property
    def rider_id(self) -> int: ...
    @property
    def street_code(self) -> str | None: ...
    @property
    def decided_by_id(self) -> int | None: ...
    @property
    def approved_by_id(self) -> int | None: ...


class Proposed(Protocol):
    """What one person proposes and another one decides."""

    @property
    def proposed_by_id(self) -> int | None: ...
    @property
    def rider_id(self) -> int | None: ...


def _reads_budget(who: Actor, it: Payer | None) -> bool:
    """Without a community: whether there is any whose budget this actor may read."""
    if it is None:
        return who.holds_any(Role.WORKER, Role.SUPERVISOR, Role.ADMINISTRATOR, Role.AUDITOR)
    return (
        who.holds_any(Role.ADMINISTRATOR, Role.AUDITOR)
        or who.holds(Role.WORKER, it.code)
        or who.holds(Role.SUPERVISOR, it.street_code)
    )


def _judges(who: Actor, it: Contested) -> bool:
    # Neither the rider nor those who took the decision; the county as well, where a street has
    # nobody else.
    return who.member_id not in (it.rider_id, it.decided_by_id, it.approved_by_id) and (
        who.holds(Role.SUPERVISOR, it.street_code) or who.holds_any(Role.ADMINISTRATOR)
    )


def _decides(who: Actor, it: Proposed) -> bool:
    # Nobody approves an own proposal, nor one about oneself.
    return who.holds_any(Role.ADMINISTRATOR) and who.member_id not in (
        it.proposed_by_id,
        it.rider_id,
    )


POINTS_READ_OWN: Final = Permission("points.read_own", anyone_with(Role.RIDER))
POINTS_LEARN: Final = Permission("points.learn", anyone_with(Role.RIDER))
BUDGET_GRANT: Final = Permission("budget.grant", anyone_with(Role.ADMINISTRATOR))
BUDGETS_READ: Final = Permission("budgets.read", _reads_budget)
OBJECTIONS_READ: Final = Permission(
    "objections.read", anyone_with(Role.SUPERVISOR, Role.ADMINISTRATOR, Role.AUDITOR)
)
OBJECTION_ANSWER: Final = Permission("objection.answer", _judges)
PROPOSALS_READ: Final = Permission("proposals.read", anyone_with(Role.ADMINISTRATOR, Role.AUDITOR))
PROPOSAL_DECIDE: Final = Permission("proposal.decide", _decides)
TARIFF_READ: Final = Permission("tariff.read", anyone_with(Role.ADMINISTRATOR, Role.AUDITOR))
TARIFF_DRAFT: Final = Permission("tariff.draft", anyone_with(Role.ADMINISTRATOR))
JOURNAL_READ: Final = Permission("journal.read", anyone_with(Role.ADMINISTRATOR, Role.AUDITOR))
