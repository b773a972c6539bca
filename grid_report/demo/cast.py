"""Who lives in the demo world: fictional members, each marked as such in the name."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import select

from grid_report.access import Actor, Grant
from grid_report.access.roles import Role
from grid_report.accounts.consent_kinds import ConsentKind
from grid_report.accounts.members import usecases as members_usecases
from grid_report.accounts.models import Member
from grid_report.accounts.passwords import Hasher
from grid_report.accounts.policy import Policy
from grid_report.db import db
from grid_report.demo.phrases import GIVEN, NICKNAMES, SURNAMES
from grid_report.languages import DEFAULT
from grid_report.places.geo.reference import Reference

PASSWORD: Final = "demo-only"  # noqa: S105 - printed on purpose; refused in production settings
MARK: Final = "（演示）"
STATION: Final = "211282001001"
BRIGHT: Final = "211282001003"
NEW_TOWN: Final = "211282001"
STATION_FIRM: Final = "property-01"
REST_STATION: Final = "station-01"


@dataclass(frozen=True)
class Person:
    """One member to be: phone, name, what may be done where."""

    phone: str
    name: str
    grants: tuple[Grant, ...]


def members(places: Reference, county: str) -> list[Person]:
    """Return everybody of the demo, the sign-ins of the HTTP contract first."""
    dice = random.Random("cast")

    used: set[str] = set()

    def name() -> str:
        # Two people of one name look like one who approved an own proposal.
        while (drawn := f"{dice.choice(SURNAMES)}{dice.choice(GIVEN)}{MARK}") in used:
            pass
        used.add(drawn)
        return drawn

    people = [
        Person(f"139000000{i:02d}", f"{name}{MARK}", (Grant(Role.RIDER),))
        for i, name in enumerate(NICKNAMES, start=1)
    ]
    first = {STATION: ("13900000101", "13900000103"), BRIGHT: ("13900000102",)}
    spare = iter(range(104, 200))
    for code in sorted(places.communities):
        for phone in first.get(code) or (f"13900000{next(spare)}",):
            people.append(Person(phone, name(), (Grant(Role.WORKER, code),)))
    streets = sorted(places.streets, key=lambda code: (code != NEW_TOWN, code))
    for i, code in enumerate(streets, start=201):
        people.append(Person(f"13900000{i}", name(), (Grant(Role.SUPERVISOR, code),)))
    units = sorted(places.units, key=lambda code: (code != STATION_FIRM, code))
    for i, code in enumerate(units, start=301):
        people.append(Person(f"13900000{i}", name(), (Grant(Role.HANDLER, code),)))
    people.append(Person("13900000401", name(), (Grant(Role.STATION_STAFF, REST_STATION),)))
    people.append(Person("13900000901", name(), (Grant(Role.ADMINISTRATOR, county),)))
    people.append(Person("13900000902", name(), (Grant(Role.AUDITOR, county),)))
    # Grants, merits and a new tariff need a second person.
    people.append(Person("13900000903", name(), (Grant(Role.ADMINISTRATOR, county),)))
    people.append(Person("13900000402", name(), (Grant(Role.STATION_STAFF, "station-02"),)))
    return people


class Cast:
    """The members as actors, found by what they do."""

    def __init__(self, actors: Sequence[tuple[Person, Actor]]) -> None:
        self.riders = [actor for _, actor in actors if actor.holds_any(Role.RIDER)]
        self.administrator, self.second_administrator = (
            a for _, a in actors if a.holds_any(Role.ADMINISTRATOR)
        )
        self._at: dict[tuple[Role, str], list[Actor]] = {}
        for _, actor in actors:
            for grant in actor.grants:
                if grant.place:
                    self._at.setdefault((grant.role, grant.place), []).append(actor)

    def worker(self, community: str) -> Actor:
        """Return the community's first worker."""
        return self._at[Role.WORKER, community][0]

    def other_worker(self, community: str) -> Actor | None:
        """Return a second worker where there is one."""
        workers = self._at[Role.WORKER, community]
        return workers[1] if len(workers) > 1 else None

    def supervisor(self, community: str) -> Actor:
        """Return the supervisor of a community's street."""
        return self._at[Role.SUPERVISOR, community[:9]][0]

    def handler(self, unit: str) -> Actor:
        """Return somebody of a unit."""
        return self._at[Role.HANDLER, unit][0]

    def station_staff(self) -> dict[str, Actor]:
        """Return somebody of each station that has staff."""
        return {
            place: people[0]
            for (role, place), people in self._at.items()
            if role is Role.STATION_STAFF
        }


class _SameHash(Hasher):
    """Hashes the one demo password once: a hundred salts for a password in print guard nothing."""

    def __init__(self, real: Hasher) -> None:
        self._real = real
        self._kept: dict[str, str] = {}

    def hash(self, password: str) -> str:
        if password not in self._kept:
            self._kept[password] = self._real.hash(password)
        return self._kept[password]


class TakenByOthers(RuntimeError):
    """A demo phone number belongs to a member who is not of the demo."""


def ensure_members(wanted: Sequence[Person], *, policy: Policy, now: datetime) -> Cast:
    """Create whoever is missing and return everybody. Safe to repeat. Raises TakenByOthers."""
    policy = replace(policy, hasher=_SameHash(policy.hasher))
    lookups = {policy.vault.lookup(one.phone): one for one in wanted}
    rows = db.session.execute(
        select(Member.phone_lookup, Member.id, Member.is_demo).where(
            Member.phone_lookup.in_(lookups)
        )
    ).all()
    known = {row.phone_lookup: row for row in rows}
    actors = []
    for lookup, one in lookups.items():
        row = known.get(lookup)
        if row is not None and not row.is_demo:
            raise TakenByOthers(one.phone)
        rider = Grant(Role.RIDER) in one.grants
        member_id = row.id if row is not None else members_usecases.create_member(
            phone=one.phone,
            password=PASSWORD,
            name=one.name,
            language=DEFAULT,
            grants=one.grants,
            policy=policy,
            # A station's own page comes later; its staff can sign in already.
            place_exists=lambda kind, code: True,
            actor=None,
            now=now,
            is_demo=True,
            consents=tuple(ConsentKind) if rider else (ConsentKind.ACCOUNT,),
        )  # fmt: skip
        actors.append((one, Actor(member_id, one.name, frozenset(one.grants))))
    db.session.rollback()
    return Cast(actors)
