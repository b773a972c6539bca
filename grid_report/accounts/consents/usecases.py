"""Agreeing and taking back, one's own consents only."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from grid_report.access import Actor
from grid_report.accounts import consent_queries, steps
from grid_report.accounts.consent_kinds import OPTIONAL_CONSENTS, ConsentKind
from grid_report.accounts.consent_queries import ConsentRow
from grid_report.accounts.policy import Policy
from grid_report.db import transaction, use_case
from grid_report.errors import Invalid


@use_case
def choose_consents(
    given: Collection[ConsentKind], *, actor: Actor, policy: Policy, now: datetime
) -> dict[str, bool]:
    """Give or take back one's own optional consents; return what changed."""
    with transaction() as session:
        return steps.say_consents(
            session,
            given,
            among=OPTIONAL_CONSENTS,
            actor=actor,
            version=policy.notice_version,
            now=now,
        )


@use_case
def say_consent(
    kind: ConsentKind, agree: bool, *, actor: Actor, policy: Policy, now: datetime
) -> ConsentRow | None:
    """Agree to one kind or take it back; return the newest agreement, None when there never was.

    Saying again what stands writes nothing. Raises Invalid: an account without its consent would
    have to end, and that is the county's to do.
    """
    if kind not in OPTIONAL_CONSENTS and not agree:
        raise Invalid.field("agree", "account-consent-stays")
    with transaction() as session:
        steps.say_consents(
            session,
            {kind} if agree else (),
            among=(kind,),
            actor=actor,
            version=policy.notice_version,
            now=now,
        )
        found = consent_queries.list_consents(actor.member_id)
    return next((row for row in found if row.kind is kind), None)
