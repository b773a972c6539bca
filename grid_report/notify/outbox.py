"""The step that writes a message in the transaction of the change it tells of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import insert
from sqlalchemy.orm import Session

from grid_report.access.roles import Role
from grid_report.db import table_of
from grid_report.notify.kinds import facts_for
from grid_report.notify.models import Delivery, Message


def row(
    kind: str,
    *,
    to_member: int | None = None,
    to_role: tuple[Role, str] | None = None,
    read_as: Role = Role.RIDER,
    except_member: int | None = None,
    about: str,
    facts: Mapping[str, Any],
    now: datetime,
) -> dict[str, Any]:
    """Make the row of a message, for `put_all`.

    `read_as` says as what a single member reads it, `except_member` who needs no copy.
    Raises MissingFacts.
    """
    if (to_member is None) == (to_role is None):
        raise ValueError("a message goes to one member or to a role at a place")
    return {
        "kind": kind,
        "role": to_role[0] if to_role else read_as,
        "member_id": to_member,
        "place": to_role[1] if to_role else None,
        "except_id": except_member,
        "about": about,
        "facts": facts_for(kind, facts),
        "created_at": now,
        "state": Delivery.WAITING,
        "attempts": 0,
        "last_error": "",
    }


def put(
    session: Session,
    kind: str,
    *,
    to_member: int | None = None,
    to_role: tuple[Role, str] | None = None,
    read_as: Role = Role.RIDER,
    except_member: int | None = None,
    about: str,
    facts: Mapping[str, Any],
    now: datetime,
) -> None:
    """Write one message; it leaves after the commit, and never without it."""
    put_all(
        session,
        [
            row(
                kind,
                to_member=to_member,
                to_role=to_role,
                read_as=read_as,
                except_member=except_member,
                about=about,
                facts=facts,
                now=now,
            )
        ],
    )


_PUT: Final = insert(table_of(Message))


def put_all(session: Session, rows: list[dict[str, Any]]) -> None:
    """Write several messages in one statement."""
    if rows:
        # Rows as parameters: the statement is compiled once, not once a number of rows.
        session.execute(_PUT, rows)
