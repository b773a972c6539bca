"""`grid-report fairness …`: draw a month's sample anew and compare."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from grid_report.clock import Month
from grid_report.fairness import queries
from grid_report.places.queries import reference
from grid_report.web.context import settings


@click.group("fairness")
def fairness_cli() -> None:
    """The review of the street."""


@fairness_cli.command("check-sample")
@click.argument("month")
@with_appcontext
def check_sample(month: str) -> None:
    """Draw the sample of MONTH (YYYY-MM) anew; exit code 1 when it is not the one that is kept."""
    found = queries.redraw(Month.parse(month), settings().county.tz, reference())
    if found is None:
        click.echo(f"fairness: {month} was not drawn yet", err=True)
        raise click.exceptions.Exit(1)
    kept, anew = found
    for report_id in sorted(kept):
        click.echo(f"report {report_id} is in the sample and would not be drawn", err=True)
    for report_id in sorted(anew):
        click.echo(f"report {report_id} would be drawn and is not in the sample", err=True)
    if kept or anew:
        raise click.exceptions.Exit(1)
    click.echo(f"fairness: the sample of {month} is as drawn")
