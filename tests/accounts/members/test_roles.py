"""Who may give and take roles, where they are held, and that somebody can always do it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select

from grid_report.access import Actor, Grant
from grid_report.access.roles import Role
from grid_report.accounts import queries
from grid_report.accounts.aliases import rider_alias
from grid_report.accounts.errors import LastAdministrator, NotOneself
from grid_report.accounts.members import place_names
from grid_report.accounts.members import usecases as members_usecases
from grid_report.accounts.models import AuditEntry, RoleGrant, Standing
from grid_report.accounts.queries import MemberFilter
from grid_report.db import db
from grid_report.errors import Forbidden, Invalid, NotFound
from tests.support.builders import BRIGHT, PROPERTY, STATION, STREET, Make
from tests.support.parallel import InParallel
from tests.support.present import beginning

pytestmark = pytest.mark.database

NOW = beginning()


def _grant(member: Actor, grant: Grant, actor: Actor | None) -> None:
    members_usecases.grant_role(
        member.member_id, grant, place_exists=place_names.exists, actor=actor, now=NOW
    )


def _held(member: Actor, admin: Actor, make: Make) -> set[tuple[Role, str]]:
    row = queries.find_member(member.member_id, actor=admin, vault=make.policy.vault)
    return {(grant.role, grant.place) for grant in row.grants}


def test_a_role_is_given_and_taken_and_both_are_noted(make: Make) -> None:
    admin, member = make.administrator(), make.rider()
    worker = Grant(Role.WORKER, STATION)
    _grant(member, worker, admin)
    assert _held(member, admin, make) == {(Role.RIDER, ""), (Role.WORKER, STATION)}
    assert queries.list_member_ids_with(Role.WORKER, STATION) == [member.member_id]
    members_usecases.revoke_role(member.member_id, worker, actor=admin, now=NOW)
    assert _held(member, admin, make) == {(Role.RIDER, "")}
    entries = db.session.scalars(
        select(AuditEntry).where(AuditEntry.action.like("role.%")).order_by(AuditEntry.id)
    ).all()
    assert [(e.action, e.actor_id, e.about) for e in entries] == [
        ("role.grant", admin.member_id, f"member:{member.member_id}"),
        ("role.revoke", admin.member_id, f"member:{member.member_id}"),
    ]
    assert entries[0].details == {"role": "worker", "place": STATION}


@pytest.mark.parametrize(
    ("grant", "code"),
    [
        (Grant(Role.WORKER, STREET), "place-unknown"),
        (Grant(Role.WORKER, "999999999999"), "place-unknown"),
        (Grant(Role.WORKER), "role-needs-place"),
        (Grant(Role.SUPERVISOR, STATION), "place-unknown"),
        (Grant(Role.HANDLER, STATION), "place-unknown"),
        (Grant(Role.ADMINISTRATOR, "110000"), "place-unknown"),
        (Grant(Role.RIDER, STATION), "role-needs-no-place"),
    ],
)
def test_a_role_needs_a_place_of_its_kind(make: Make, grant: Grant, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        _grant(make.member(), grant, make.administrator())
    assert refused.value.problems["place"][0].code == code


@pytest.mark.parametrize(
    "grant",
    [
        Grant(Role.RIDER),
        Grant(Role.WORKER, BRIGHT),
        Grant(Role.SUPERVISOR, STREET),
        Grant(Role.HANDLER, PROPERTY),
        Grant(Role.AUDITOR, "211282"),
    ],
)
def test_every_kind_of_role_can_be_given_where_it_belongs(make: Make, grant: Grant) -> None:
    _grant(make.member(), grant, make.administrator())


def test_a_role_held_already_is_said_so_even_at_once(make: Make, in_parallel: InParallel) -> None:
    admin, member = make.administrator(), make.member()
    results = in_parallel(lambda n: _grant(member, Grant(Role.WORKER, STATION), admin), 6)
    assert results.count(None) == 1
    assert {type(result) for result in results if result} == {Invalid}


@pytest.mark.parametrize("who", ["rider", "worker", "supervisor", "handler", "auditor"])
def test_only_administrators_manage_members(make: Make, who: str) -> None:
    other, member = getattr(make, who)(), make.rider()
    attempts: list[Callable[[], object]] = [
        lambda: _grant(other, Grant(Role.ADMINISTRATOR, "211282"), other),
        lambda: members_usecases.revoke_role(member.member_id, Grant(Role.RIDER), actor=other, now=NOW),
        lambda: members_usecases.suspend_member(member.member_id, actor=other, now=NOW),
        lambda: members_usecases.restore_member(member.member_id, actor=other, now=NOW),
        lambda: members_usecases.create_member(
            phone="13955550009", password=None, name="x", language="en", grants=[],
            policy=make.policy, place_exists=place_names.exists, actor=other, now=NOW,
        ),
    ]  # fmt: skip
    for attempt in attempts:
        with pytest.raises(Forbidden):
            attempt()


def test_the_last_administrator_stays(make: Make) -> None:
    admin = make.administrator()
    held = next(iter(admin.grants))
    with pytest.raises(LastAdministrator):
        members_usecases.revoke_role(admin.member_id, held, actor=admin, now=NOW)
    other = make.administrator()
    members_usecases.revoke_role(admin.member_id, held, actor=other, now=NOW)
    with pytest.raises(LastAdministrator):
        members_usecases.revoke_role(other.member_id, held, actor=None, now=NOW)


def test_a_suspended_administrator_does_not_count(make: Make) -> None:
    admin, other = make.administrator(), make.administrator()
    members_usecases.suspend_member(other.member_id, actor=admin, now=NOW)
    with pytest.raises(LastAdministrator):
        members_usecases.revoke_role(
            admin.member_id, next(iter(admin.grants)), actor=admin, now=NOW
        )
    with pytest.raises(NotOneself):
        members_usecases.suspend_member(admin.member_id, actor=admin, now=NOW)


def test_administrators_who_remove_each_other_at_once_leave_one(
    make: Make, in_parallel: InParallel
) -> None:
    admins = [make.administrator() for _ in range(6)]
    held = next(iter(admins[0].grants))

    def remove(number: int) -> None:
        victim, actor = admins[number], admins[(number + 1) % len(admins)]
        if number % 2:
            members_usecases.suspend_member(victim.member_id, actor=actor, now=NOW)
        else:
            members_usecases.revoke_role(victim.member_id, held, actor=actor, now=NOW)

    results = in_parallel(remove, len(admins))
    assert len(queries.list_member_ids_with(Role.ADMINISTRATOR, held.place)) == 1
    assert [type(r) for r in results if r is not None] == [LastAdministrator]


def test_absent_members_and_grants_are_not_found(make: Make) -> None:
    admin, member = make.administrator(), make.rider()
    with pytest.raises(NotFound):
        members_usecases.revoke_role(
            member.member_id, Grant(Role.WORKER, STATION), actor=admin, now=NOW
        )
    with pytest.raises(NotFound):
        members_usecases.suspend_member(10**9, actor=admin, now=NOW)


def test_members_are_found_by_name_number_role_and_place(make: Make) -> None:
    admin, vault = make.administrator(), make.policy.vault
    wang = make.worker(name="王 100%", phone="13966661234")
    make.rider(name="李 100", phone="13966664321")

    def found(**wanted: Any) -> list[int]:
        rows, _ = queries.list_members(MemberFilter(**wanted), actor=admin, vault=vault)
        return [row.id for row in rows]

    for wanted in (
        {"q": "王"},
        {"q": "100%"},
        {"q": "1234"},
        {"q": "+86 139 6666 1234"},
        {"role": Role.WORKER},
        {"place": STATION},
        {"role": Role.WORKER, "place": STATION, "q": "234"},
    ):
        assert found(**wanted) == [wang.member_id], wanted
    assert found(q="13966661235") == []
    assert found(role=Role.SUPERVISOR, place=STATION) == []


def test_the_list_goes_on_where_the_last_page_ended(make: Make) -> None:
    admin = make.administrator()
    everybody = {make.rider().member_id for _ in range(5)} | {admin.member_id}
    seen: list[int] = []
    before: int | None = None
    while True:
        rows, before = queries.list_members(
            MemberFilter(), actor=admin, vault=make.policy.vault, before_id=before, limit=2
        )
        seen += [row.id for row in rows]
        if before is None:
            break
    assert seen == sorted(everybody, reverse=True)


def test_a_member_is_shown_masked_to_staff_who_may_and_to_nobody_else(make: Make) -> None:
    rider = make.rider(phone="13966661234")
    row = queries.find_member(rider.member_id, actor=make.administrator(), vault=make.policy.vault)
    assert (row.phone, row.standing) == ("139****1234", Standing.ACTIVE)
    assert queries.find_member(rider.member_id, actor=rider, vault=make.policy.vault) == row
    seen = queries.find_member(rider.member_id, actor=make.auditor(), vault=make.policy.vault)
    assert (seen.name, seen.phone) == (rider_alias(rider.member_id), "")
    for stranger in (make.rider(), make.worker()):
        with pytest.raises(Forbidden):
            queries.find_member(rider.member_id, actor=stranger, vault=make.policy.vault)


def test_a_role_twice_in_one_order_is_held_once(make: Make) -> None:
    member = make.member(Grant(Role.RIDER), Grant(Role.RIDER))
    held = select(func.count(RoleGrant.id)).where(RoleGrant.member_id == member.member_id)
    assert db.session.scalar(held) == 1
