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
from grid_report.points import audit, usecases
from grid_report.points.models import Freeze
from grid_report.web.context import settings

SHOWN = 50


@click.group("points")
def points_cli() -> None:
    """The points ledger."""


@points_cli.command("audit")
@click.option("--no-freeze", is_flag=True, help="Only look: leave the ledger as it is.")
@with_appcontext
def audit_command(no_freeze: bool) -> None:
    """Recompute every balance from the transfers; a difference freezes the ledger, exit code 1."""
    db.session.rollback()
    now = clock.now()
    found = audit.find_differences(db.engine, now)
    if not found:
        click.echo("points: sound")
        return
    for difference in found[:SHOWN]:
        click.echo(f"{difference.check}: {difference.about}", err=True)
    if len(found) > SHOWN:
        click.echo(f"… and {len(found) - SHOWN} more", err=True)
    if not no_freeze:
        usecases.freeze_ledger(reason=f"{found[0].check}: {found[0].about}", now=now)
        click.echo("points: the ledger is frozen; awards wait, reports go on", err=True)
    raise click.exceptions.Exit(1)


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
    entry_id = usecases.grant_budget(
        community,
        Month.parse(month),
        points,
        key=key or str(uuid.uuid4()),
        reason=reason,
        actor=_actor(by),
        approved_by=_actor(approved_by),
        terms=usecases.terms_of(settings()),
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
    usecases.unfreeze_ledger(reason=reason, actor=_actor(by), now=clock.now())
    click.echo("points: not frozen")


def _actor(member_id: int) -> Actor:
    member = db.session.get(Member, member_id)
    if member is None:
        raise click.BadParameter(f"no member {member_id}")
    return Actor(member.id, member.name, grants_of(db.session(), member_id))
