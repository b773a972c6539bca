"""Who reads a provider's month, who confirms it, questions it and answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from grid_report.access import Actor, Permission, anyone_with
from grid_report.access.roles import Role
from grid_report.offers.settlements.lifecycle import Side, StatementFacts


def _works_for_provider(who: Actor, it: StatementFacts) -> bool:
    return bool(it.stations & who.places(Role.STATION_STAFF))


def _reads(who: Actor, it: StatementFacts) -> bool:
    return _works_for_provider(who, it) or who.holds_any(Role.ADMINISTRATOR, Role.AUDITOR)


_is_county: Final = anyone_with(Role.ADMINISTRATOR)


def _answers(side: Side, who: Actor, it: StatementFacts) -> bool:
    """Tell whether the other side has objected; nobody answers oneself."""
    return it.disputed_side not in (None, side) and it.disputed_by_id != who.member_id


def _about_one(
    name: str, rule: Callable[[Actor, StatementFacts], bool]
) -> Permission[StatementFacts]:
    return Permission(name, rule, knows=_reads)


STATEMENTS_LIST: Final = Permission(
    "statements.list", anyone_with(Role.ADMINISTRATOR, Role.AUDITOR)
)
STATEMENT_READ: Final = _about_one("statement.read", _reads)
STATEMENT_CONFIRM: Final = _about_one("statement.confirm", _works_for_provider)
# Whoever holds both roles still is one person.
STATEMENT_COUNTERSIGN: Final = _about_one(
    "statement.countersign",
    lambda who, it: _is_county(who, it) and it.provider_confirmed_by_id != who.member_id,
)
STATEMENT_DISPUTE: Final = _about_one("statement.dispute", _works_for_provider)
STATEMENT_EXPLAIN: Final = _about_one(
    "statement.explain",
    lambda who, it: _works_for_provider(who, it) and _answers(Side.PROVIDER, who, it),
)
STATEMENT_QUERY: Final = _about_one("statement.query", _is_county)
STATEMENT_DECIDE: Final = _about_one(
    "statement.decide", lambda who, it: _is_county(who, it) and _answers(Side.COUNTY, who, it)
)
# In place of a provider who stays silent: never one's own objection, never one's own provider.
STATEMENT_STAND_IN: Final = _about_one(
    "statement.stand_in",
    lambda who, it: (
        _is_county(who, it)
        and it.disputed_by_id != who.member_id
        and not _works_for_provider(who, it)
    ),
)
