"""`grid-report points …`: audit the ledger, grant budgets, see and lift a freeze."""

from __future__ import annotations

import uuid

import click
from flask.cli import with_appcontext
from sqlalchemy import select

from grid_report import clock
from grid_report.access import Actor
from grid_report.accounts.models import Member
from grid_report.accounts.steps import grants_of
from grid_report.clock import Month
from grid_report.db import db
from grid_report.errors import NotFound
from grid_report.points.audit import queries, rebuild_queries
from grid_report.points.budgets import usecases as budgets_usecases
from grid_report.points.history import explanation_queries
from grid_report.points.ledger.models import Freeze
from grid_report.points.policy import terms_of
from grid_report.web.context import settings

SHOWN = 50


@click.group("points")
def points_cli() -> None:
    """The points ledger."""


@points_cli.command("audit")
@click.option("--no-freeze", is_flag=True, help="Only look: leave the ledger as it is.")
@with_appcontext
def audit_command(no_freeze: bool) -> None:
    """Recompute every balance from the transfers; a difference freezes the ledger, exit code 1.

    What a late job has not done yet is a warning. The job `audit-points` does this by itself.
    """
    db.session.rollback()
    now = clock.now()
    found = queries.find_differences(db.engine)
    for late in queries.find_warnings(db.engine, now):
        click.echo(f"warning, a job is late: {late.check}: {late.about}", err=True)
    if not found:
        click.echo("points: sound")
        return
    for difference in found[:SHOWN]:
        click.echo(f"{difference.check}: {difference.about}", err=True)
    if len(found) > SHOWN:
        click.echo(f"… and {len(found) - SHOWN} more", err=True)
    if not no_freeze:
        budgets_usecases.freeze_ledger(reason=f"{found[0].check}: {found[0].about}", now=now)
        click.echo(
            "points: the ledger is frozen; awards wait, bookings end and reports go on", err=True
        )
    raise click.exceptions.Exit(1)


@points_cli.command("rebuild")
@click.option("--check", is_flag=True, required=True, help="Compare; nothing is written.")
@with_appcontext
def rebuild_command(check: bool) -> None:
    """Replay every transfer and compare all balances and lots; exit code 1 on a difference.

    There is no way to write the result: figures move with transfers only, so a difference is put
    right by finding its cause.
    """
    db.session.rollback()
    found = rebuild_queries.find_mismatches(db.engine)
    for it in found[:SHOWN]:
        click.echo(f"{it.about} {it.column}: stored {it.stored}, replayed {it.replayed}", err=True)
    if len(found) > SHOWN:
        click.echo(f"… and {len(found) - SHOWN} more", err=True)
    if found:
        raise click.exceptions.Exit(1)
    click.echo("points: every figure is what its transfers come to")


@points_cli.command("explain")
@click.argument("entry", type=int)
@with_appcontext
def explain_command(entry: int) -> None:
    """Show the chain of an entry: report, decision, tariff, award, lots, and where they went."""
    try:
        found = explanation_queries.explain(entry)
    except NotFound as error:
        raise click.ClickException(f"no entry {entry}") from error
    it = found.entry
    click.echo(f"entry {it.id}: {it.kind} {it.points} at {it.at.isoformat()}")
    facts = {
        "cause": f"{it.cause_type} {it.cause_id}",
        "report": it.report_number,
        "redemption": it.redemption_ref,
        "rider": it.rider_id,
        "decided by": it.actor_id,
        "approved by": it.approved_by_id,
        "waited for": found.waited_for,
        "tariff": it.rule and f"{it.rule} of {it.tariff_version or '-'}",
        "severity": it.severity,
        "budget": it.month and f"{it.community_code or 'county'} {it.month}",
        "verdict": it.verdict,
        "note": it.note,
    }
    for name, value in facts.items():
        if value:
            click.echo(f"  {name}: {value}")
    for leg in found.legs:
        click.echo(f"  {leg.phase}: {leg.amount} {leg.debit} -> {leg.credit}")
    for part in found.parts:
        click.echo(
            f"  lot {part.lot_id} {part.kind}: free {part.free:+d}, held {part.held:+d}"
            f" (award {part.award_id}{', ' + part.report_number if part.report_number else ''})"
        )
    if found.lot is not None:
        lot = found.lot
        click.echo(
            f"  left of it: {lot.free} free, {lot.held} held of {lot.points},"
            f" until {lot.expires_at.isoformat()}"
        )
    for step in found.related:
        click.echo(
            f"  see entry {step.entry_id}: {step.kind} {step.points}"
            f" at {step.at.isoformat()} {step.redemption_ref or ''}".rstrip()
        )


@points_cli.command("grant")
@click.option("--community", help="Community code; without it the county's reserve.")
@click.option("--month", required=True, help="YYYY-MM")
@click.option("--points", type=int, required=True)
@click.option("--reason", required=True)
@click.option("--by", type=int, required=True, help="Member id of an administrator.")
@click.option("--approved-by", type=int, required=True, help="Another administrator's member id.")
@click.option("--key", help="Repeat with the same key to be sure it is granted only once.")
@with_appcontext
def grant_command(
    *,
    community: str | None,
    month: str,
    points: int,
    reason: str,
    by: int,
    approved_by: int,
    key: str | None,
) -> None:
    """Add points to a month's pool, or to the county's reserve."""
    entry_id = budgets_usecases.grant_budget(
        community,
        Month.parse(month),
        points,
        key=key or str(uuid.uuid4()),
        reason=reason,
        actor=_actor(by),
        approved_by=_actor(approved_by),
        terms=terms_of(settings()),
        now=clock.now(),
    )
    click.echo("granted before with this key" if entry_id is None else f"entry {entry_id}")


@points_cli.command("freeze-status")
@with_appcontext
def freeze_status_command() -> None:
    """Say whether the ledger is frozen, since when and why."""
    row = db.session.execute(select(Freeze.frozen_at, Freeze.reason)).one()
    if row.frozen_at is None:
        click.echo("points: not frozen")
    else:
        click.echo(f"points: frozen since {row.frozen_at.isoformat()}: {row.reason}")


@points_cli.command("unfreeze")
@click.option("--by", type=int, required=True, help="Member id of an administrator.")
@click.option("--reason", required=True)
@with_appcontext
def unfreeze_command(by: int, reason: str) -> None:
    """Let the ledger be written again; what waits is paid by the job `release-points`."""
    budgets_usecases.unfreeze_ledger(reason=reason, actor=_actor(by), now=clock.now())
    click.echo("points: not frozen")


def _actor(member_id: int) -> Actor:
    member = db.session.get(Member, member_id)
    if member is None:
        raise click.BadParameter(f"no member {member_id}")
    return Actor(member.id, member.name, grants_of(db.session(), member_id))
