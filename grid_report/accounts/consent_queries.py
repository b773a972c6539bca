"""What members agree to at present, and every act that led there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from flask import Flask
from sqlalchemy import ColumnElement, ScalarSelect, bindparam, case, select
from sqlalchemy.orm import Session

from grid_report.access import Actor
from grid_report.accounts.consent_kinds import ConsentKind
from grid_report.accounts.models import ConsentAct, Member
from grid_report.db import db, table_of
from grid_report.web import context


def standing(kind: ConsentKind, member_id: ColumnElement[int]) -> ScalarSelect[str | None]:
    """Return, as a column, the version of the notice that stands; null when none does."""
    return (
        select(case((ConsentAct.agreed, ConsentAct.notice_version)))
        .where(ConsentAct.member_id == member_id, ConsentAct.kind == kind)
        .order_by(ConsentAct.id.desc())
        .limit(1)
        .scalar_subquery()
    )


_OF_MEMBER: Final = select(*(standing(kind, bindparam("member_id")) for kind in ConsentKind))


def versions_of(member_id: int, session: Session | None = None) -> dict[ConsentKind, str]:
    """Return what a member agrees to at present, each with the notice's version."""
    row = (session or db.session).execute(_OF_MEMBER, {"member_id": member_id}).one()
    return {kind: version for kind, version in zip(ConsentKind, row, strict=True) if version}


def consents_of(member_id: int, session: Session | None = None) -> frozenset[ConsentKind]:
    """Return what a member agrees to at present."""
    return frozenset(versions_of(member_id, session))


def _carried_as(kind: ConsentKind) -> str:
    return f"consent:{kind.value}"


def init_app(app: Flask) -> None:
    """Have what decides about camera and position looked up along with who asks."""
    members = table_of(Member)
    for kind in (ConsentKind.POSITION, ConsentKind.PHOTOS):
        context.prefetch(app, _carried_as(kind), standing(kind, members.c.id))
    app.jinja_env.globals["agrees"] = _reader_agrees


def _reader_agrees(kind: str, *, to: str | None = None) -> bool:
    """Tell pages whether their reader agrees to a kind, and to one version when it is named."""
    reader = context.actor_or_none()
    version = version_agreed(reader, ConsentKind(kind)) if reader else None
    return version is not None and to in (None, version)


def note_agreed(kind: ConsentKind, version: str) -> None:
    """Let the rest of this request know what its member just agreed to."""
    context.carry_along(_carried_as(kind), version)


def version_agreed(actor: Actor, kind: ConsentKind) -> str | None:
    """Return the version of the notice that who asks agrees to at present; None for none.

    Costs no statement in a request. A use case that keeps something asks `consents_of` in its
    own transaction.
    """
    asking = context.actor_or_none()
    if asking is not None and asking.member_id == actor.member_id:
        version: str | None = context.prefetched(_carried_as(kind))
        return version
    return versions_of(actor.member_id).get(kind)


def agrees(actor: Actor, kind: ConsentKind) -> bool:
    """Tell whether who asks agrees to a kind at present."""
    return version_agreed(actor, kind) is not None


@dataclass(frozen=True)
class ActRow:
    """One act: agreed, or taken back."""

    kind: ConsentKind
    agreed: bool
    notice_version: str
    at: datetime


def list_acts(member_id: int) -> list[ActRow]:
    """Return every act of a member, newest first."""
    rows = db.session.execute(
        select(ConsentAct.kind, ConsentAct.agreed, ConsentAct.notice_version, ConsentAct.at)
        .where(ConsentAct.member_id == member_id)
        .order_by(ConsentAct.id.desc())
    )
    return [ActRow(*row) for row in rows]


@dataclass(frozen=True)
class ConsentRow:
    """One agreement with the notice it was given to, and when it was taken back."""

    kind: ConsentKind
    notice_version: str
    given_at: datetime
    withdrawn_at: datetime | None


def agreements(acts: Sequence[Any]) -> list[ConsentRow]:
    """Read agreements out of acts, newest first: the next act that takes the kind back ends one."""
    ended: dict[ConsentKind, datetime] = {}
    found = []
    for act in acts:
        if act.agreed:
            found.append(ConsentRow(act.kind, act.notice_version, act.at, ended.get(act.kind)))
        else:
            ended[act.kind] = act.at
    return found


def list_consents(member_id: int) -> list[ConsentRow]:
    """Return every agreement a member ever gave, newest first."""
    return agreements(list_acts(member_id))
