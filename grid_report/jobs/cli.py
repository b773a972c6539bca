"""Periodic work from the command line."""

from __future__ import annotations

import sys

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext

from grid_report import clock
from grid_report.jobs import queries
from grid_report.jobs.election import SCHEDULER
from grid_report.jobs.models import Outcome
from grid_report.jobs.registry import BY_NAME, JOBS
from grid_report.media.store import opening
from grid_report.notify import queries as notify_queries
from grid_report.notify import usecases as notify_usecases
from grid_report.web.context import settings
from grid_report.web.pages.filters import show_full_time
from grid_report.web.pages.words import sentence

jobs_cli = AppGroup("jobs", help="Periodic work: look at it, run it by hand.")


def _app() -> Flask:
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return app


@jobs_cli.command("list")
def list_jobs() -> None:
    """Show every job, its cadence, and how it last went."""
    runs = {run.name: run for run in queries.list_runs()}
    lease = queries.find_lease(SCHEDULER)
    for job in JOBS:
        run = runs.get(job.name)
        click.echo(
            "{:<18} {:>6} s  {:<8} {:<17} {:>6} {}".format(
                job.name,
                job.every_s(settings().jobs),
                run.outcome.value if run else "-",
                show_full_time(run.ended_at or run.started_at) if run else "-",
                run.done if run else "-",
                run.error if run else "",
            ).rstrip()
        )
    holder = lease.holder if lease and lease.until > clock.now() else ""
    click.echo(sentence("serving", "lease_held" if holder else "lease_free", holder=holder))
    health = notify_queries.outbox_health()
    click.echo(sentence("serving", "outbox", waiting=health.waiting, given_up=health.given_up))
    sends = {"waiting": health.to_send, "given_up": health.sending_given_up}
    if any(sends.values()):
        click.echo(sentence("serving", "sends", **sends))


@jobs_cli.command("run")
@click.argument("name", type=click.Choice(sorted(BY_NAME)))
def run_job(name: str) -> None:
    """Run one job now, beside the scheduler or without it; exits 1 when it failed."""
    from grid_report.jobs.runner import Runner
    from grid_report.jobs.scheduler import own_name

    result = Runner(_app(), settings(), own_name(), now=clock.now).run(BY_NAME[name], lambda: True)
    click.echo(f"{name}: {result.outcome.value} {result.done} {result.error}".rstrip())
    sys.exit(1 if result.outcome is Outcome.FAILED else 0)


@jobs_cli.command("given-up")
@click.option("--retry", is_flag=True, help="Give each of them its attempts back.")
def given_up(retry: bool) -> None:
    """List the messages that could not be delivered or sent and are not tried any more."""
    for it in notify_queries.list_given_up():
        click.echo(f"{it.id} {it.kind} {it.about} {it.channel} {it.attempts} {it.last_error}")
    if retry:
        click.echo(sentence("serving", "given_again", count=notify_usecases.retry_given_up()))


@click.command("scheduler")
@with_appcontext
def scheduler() -> None:
    """Run the scheduler process: any number may run, one works at a time."""
    from grid_report.jobs.scheduler import run_until_signalled

    if refused := opening.why_not(now=clock.now()):
        raise click.ClickException(refused)
    run_until_signalled(_app(), settings())
