"""Everybody there could be: each set of roles, held here, by each person concerned."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from grid_report.access import Actor, Grant
from grid_report.access.roles import Role

HERE = {
    Role.RIDER: None,
    Role.WORKER: "community",
    Role.SUPERVISOR: "street",
    Role.HANDLER: "unit",
    Role.STATION_STAFF: "station",
    Role.ADMINISTRATOR: "county",
    Role.AUDITOR: "county",
}
ELSEWHERE = {
    Role.WORKER: "other community",
    Role.SUPERVISOR: "other street",
    Role.HANDLER: "other unit",
    Role.STATION_STAFF: "other station",
}


def crowd(member_ids: Sequence[int]) -> Iterator[tuple[Actor, frozenset[Role]]]:
    """Yield each person with each set of roles held here, with those held here."""
    for member_id in member_ids:
        for size in range(len(HERE) + 1):
            for roles in combinations(HERE, size):
                grants = frozenset(Grant(role, HERE[role]) for role in roles)
                yield Actor(member_id, "", grants), frozenset(roles)


def stranger(member_id: int) -> Actor:
    """Return somebody who holds every role of a place, and each of them somewhere else."""
    return Actor(member_id, "", frozenset(Grant(*held) for held in ELSEWHERE.items()))
