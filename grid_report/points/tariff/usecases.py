"""Writes of the tariff: loaded from the file once, then drafted by one person, published by another."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, tzinfo
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from grid_report import access
from grid_report.access import Actor
from grid_report.accounts.steps import audit
from grid_report.db import db, transaction, use_case
from grid_report.errors import Invalid, NotFound, Stale
from grid_report.places import steps as places_steps
from grid_report.points import rates
from grid_report.points.errors import SecondPersonNeeded, VersionRuns
from grid_report.points.permissions import TARIFF_DRAFT
from grid_report.points.rewards.models import TariffDraft, TariffVersion
from grid_report.points.rewards.tariff_queries import STAMP
from grid_report.points.tariff.fields import FIELDS, falling, rules_of


@use_case
def load_tariff(*, now: datetime) -> int:
    """Write the file's versions into a database that has none; return how many were written.

    Later versions are published on the page, by two people.
    """
    if db.session.scalar(select(TariffVersion.code).limit(1)) is not None:
        return 0
    versions = rates.from_file().versions
    with transaction() as session:
        places_steps.renew_stamp(session, STAMP)
        if session.scalar(select(TariffVersion.code).limit(1)) is not None:
            return 0
        session.execute(
            insert(TariffVersion),
            [
                {
                    "code": version.code,
                    "starts_at": version.starts_at,
                    "rules": {rule: dict(values) for rule, values in version.rules.items()},
                    "published_at": now,
                }
                for version in versions
            ],
        )
    return len(versions)


@use_case
def save_draft(
    code: str, numbers: Mapping[str, int], *, seen: int, actor: Actor, now: datetime
) -> int:
    """Keep the next version as one person wants it; return its count of changes.

    `seen` is the count that was looked at, 0 for none. Raises Forbidden, Invalid, Stale.
    """
    access.check(actor, TARIFF_DRAFT)
    rules = rules_of(_checked(numbers))
    with transaction() as session:
        places_steps.lock_stamp(session, STAMP)
        refused = Invalid()
        if not code:
            refused.add("code", "field-needed")
        elif session.get(TariffVersion, code) is not None:
            refused.add("code", "tariff-code-taken")
        refused.raise_if_any()
        draft = _draft(session)
        _refuse_stale(draft, seen)
        if draft is None:
            draft = TariffDraft(id=1, version=0)
            session.add(draft)
        draft.code, draft.rules = code, rules
        draft.version += 1
        draft.made_by_id, draft.made_at = actor.member_id, now
        audit(session, actor, "tariff-drafted", code, now, version=draft.version)
        return draft.version


def _checked(numbers: Mapping[str, int]) -> Mapping[str, int]:
    refused = Invalid()
    for field in FIELDS:
        value = numbers.get(field.name)
        if value is None:
            refused.add(field.name, "field-needed")
        elif not field.low <= value <= field.high:
            refused.add(field.name, "number-out-of-range", low=field.low, high=field.high)
    if not refused.problems:
        for name in falling(numbers):
            refused.add(name, "tariff-falls")
    refused.raise_if_any()
    return numbers


@use_case
def drop_draft(*, actor: Actor, now: datetime) -> None:
    """Throw the next version away. Raises Forbidden, NotFound."""
    access.check(actor, TARIFF_DRAFT)
    with transaction() as session:
        places_steps.lock_stamp(session, STAMP)
        draft = _draft(session)
        if draft is None:
            raise NotFound
        audit(session, actor, "tariff-draft-dropped", draft.code, now, version=draft.version)
        session.execute(delete(TariffDraft))


@use_case
def publish_draft(
    starts_on: date | None, *, seen: int, zone: tzinfo, actor: Actor, now: datetime
) -> str:
    """Make the draft the tariff from the beginning of a future day on; return its code.

    By somebody who did not make its last change. Raises Forbidden, NotFound, SecondPersonNeeded,
    Stale, Invalid.
    """
    access.check(actor, TARIFF_DRAFT)
    with transaction() as session:
        places_steps.renew_stamp(session, STAMP)
        draft = _draft(session)
        if draft is None:
            raise NotFound
        _refuse_stale(draft, seen)
        if draft.made_by_id == actor.member_id:
            raise SecondPersonNeeded
        if starts_on is None:
            raise Invalid.field("starts_on", "field-needed")
        starts_at = datetime.combine(starts_on, time.min, tzinfo=zone)
        if starts_at <= now:
            raise Invalid.field("starts_on", "start-not-later")
        if session.scalar(select(TariffVersion.code).where(TariffVersion.starts_at == starts_at)):
            raise Invalid.field("starts_on", "start-taken")
        session.execute(
            insert(TariffVersion).values(
                code=draft.code,
                starts_at=starts_at,
                rules=draft.rules,
                made_by_id=draft.made_by_id,
                published_by_id=actor.member_id,
                published_at=now,
            )
        )
        session.execute(delete(TariffDraft))
        audit(
            session,
            actor,
            "tariff-published",
            draft.code,
            now,
            starts_at=starts_at.isoformat(),
            made_by=draft.made_by_id,
        )
        return draft.code


@use_case
def withdraw_version(code: str, *, actor: Actor, now: datetime) -> None:
    """Take back a version that has not started. Raises Forbidden, NotFound, VersionRuns."""
    access.check(actor, TARIFF_DRAFT)
    with transaction() as session:
        places_steps.renew_stamp(session, STAMP)
        version = session.get(TariffVersion, code)
        if version is None:
            raise NotFound
        if version.starts_at <= now:
            raise VersionRuns
        # Said first: the database lets a version go only when the audit knows who took it back.
        audit(session, actor, "tariff-withdrawn", code, now)
        session.flush()
        session.execute(delete(TariffVersion).where(TariffVersion.code == code))
        session.expunge(version)


def _draft(session: Session) -> TariffDraft | None:
    return session.get(TariffDraft, 1, populate_existing=True)


def _refuse_stale(draft: TariffDraft | None, seen: int) -> None:
    current: Any = draft.version if draft is not None else 0
    if current != seen:
        raise Stale(seen, current)
