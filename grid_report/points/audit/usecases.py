"""The audit that runs by itself: what is new every night, everything once a week.

A difference freezes what gives points out; a job that is late only warns. Either is told to the
administrators, once as long as it is the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Final

from grid_report.accounts.steps import audit as note
from grid_report.db import db, transaction, use_case
from grid_report.points.audit import queries, rebuild_queries
from grid_report.points.audit.queries import Difference, Marks
from grid_report.points.ledger import freezes
from grid_report.points.signals import audit_found

# In the county's zone: few write then.
NIGHT_BEGINS: Final = 2
WHOLE_EVERY: Final = timedelta(days=7)


def audit_nightly(*, zone: tzinfo, now: datetime) -> int:
    """Audit once a day, in the night or as soon after it as the job runs; 1 when it did."""
    db.session.rollback()
    kept = queries.marks_kept(db.session())
    since = Marks(kept.transfer_id, kept.movement_id, kept.journal_id)
    replayed_at, audited_at = kept.replayed_at, kept.audited_at
    db.session.rollback()
    if audited_at is not None and _night(audited_at, zone) >= _night(now, zone):
        return 0
    whole = replayed_at is None or now - replayed_at >= WHOLE_EVERY
    # The marks first: what is written during the audit belongs to the next one.
    found, marks = queries.find_recent(db.engine, since)
    if whole:
        replayed = rebuild_queries.find_mismatches(db.engine)
        found = [
            *queries.find_differences(db.engine),
            *(Difference("replay", f"{it.about} {it.column}") for it in replayed),
        ]
    _keep(found, queries.find_warnings(db.engine, now), marks, whole=whole, now=now)
    return 1


def _night(at: datetime, zone: tzinfo) -> str:
    return (at.astimezone(zone) - timedelta(hours=NIGHT_BEGINS)).date().isoformat()


@use_case
def _keep(
    found: Sequence[Difference],
    warnings: Sequence[Difference],
    marks: Marks,
    *,
    whole: bool,
    now: datetime,
) -> None:
    with transaction() as session:
        kept = queries.marks_kept(session)
        kept.audited_at = now
        if whole:
            kept.replayed_at = now
        if found:
            # The marks stay: what differs is looked at until it is put right.
            reason = f"{found[0].check}: {found[0].about}"
            freezes.freeze(session, now, reason)
            note(session, None, "ledger-frozen", "points", now, reason=reason[:200])
        else:
            kept.transfer_id, kept.movement_id = marks.transfer, marks.movement
            kept.journal_id = marks.journal
        said = "\n".join(f"{it.check}: {it.about}" for it in (*found, *warnings))
        digest = hashlib.sha256(said.encode()).hexdigest() if said else ""
        if said and kept.told != digest:
            audit_found.send(
                session,
                session=session,
                differences=len(found),
                warnings=len(warnings),
                first=said.split("\n", 1)[0][:200],
                now=now,
            )
        kept.told = digest
