"""The shapes of a member's own account: the token, and who one is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Self

from pydantic import StringConstraints

from grid_report.access import Actor
from grid_report.access.roles import Role
from grid_report.accounts.consent_queries import ConsentRow
from grid_report.languages import LANGUAGES
from grid_report.web.api.shapes import Answer, Body, Instant, spelled_out


class TokenRequest(Body):
    phone: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    password: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    label: Annotated[str, StringConstraints(max_length=120)] = ""


class RoleAt(Answer):
    role: Role
    place: str | None


def _roles(actor: Actor) -> list[RoleAt]:
    grants = sorted(actor.grants, key=lambda grant: (grant.role, grant.place or ""))
    return [RoleAt(role=grant.role, place=grant.place) for grant in grants]


class MemberBrief(Answer):
    id: int
    name: str
    roles: list[RoleAt]

    @classmethod
    def of(cls, actor: Actor) -> MemberBrief:
        """Show a member in a few words."""
        return MemberBrief(id=actor.member_id, name=actor.name, roles=_roles(actor))


class TokenIssued(Answer):
    token: str
    expires_at: Instant
    member: MemberBrief


class ConsentGiven(Answer):
    kind: str
    version: str
    given_at: Instant
    withdrawn_at: Instant | None


class Me(MemberBrief):
    language: Annotated[str, spelled_out(LANGUAGES, "Language")]
    consents: list[ConsentGiven]

    @classmethod
    def whole(cls, actor: Actor, consents: Iterable[ConsentRow]) -> Self:
        """Show who asks, with what was agreed to."""
        return cls(
            id=actor.member_id,
            name=actor.name,
            roles=_roles(actor),
            language=actor.language,
            consents=[
                ConsentGiven(
                    kind=it.kind.value,
                    version=it.notice_version,
                    given_at=it.given_at,
                    withdrawn_at=it.withdrawn_at,
                )
                for it in consents
            ],
        )
