"""`grid-report statistics …`: count a month anew."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from grid_report import clock
from grid_report.clock import Month
from grid_report.places.queries import reference
from grid_report.statistics.counts import recount_queries, rules_queries, usecases
from grid_report.web.context import settings

SHOWN = 50


@click.group("statistics")
def statistics_cli() -> None:
    """The month in figures."""


@statistics_cli.command("recount")
@click.option("--month", help="A month (YYYY-MM).")
@click.option("--all", "every", is_flag=True, help="Every month anything was counted of.")
@click.option("--check", is_flag=True, help="Only compare: nothing is repaired.")
@with_appcontext
def recount_command(month: str | None, every: bool, check: bool) -> None:
    """Count a month anew in plain SQL, compare and repair; exit code 1 when anything differed."""
    if bool(month) == every:
        raise click.UsageError("say either --month YYYY-MM or --all")
    county = settings().county
    # None is what riders hold, whatever the month.
    months: list[Month | None] = [Month.parse(month)] if month else []
    if every:
        months += [*rules_queries.every_month(county), None]
    if every and not check:
        # After an upgrade: counting by new rules repairs nothing.
        usecases.follow_rules(places=reference(), county=county, now=clock.now())
    differed = 0
    for one in months:
        name = recount_queries.name_of(one)
        found = usecases.recount_month(
            one, places=reference(), county=county, now=clock.now(), repair=not check
        )
        differed += len(found.lacking)
        if not found.lacking:
            click.echo(f"statistics: {name} is as counted anew, {found.cells} counts")
            continue
        shown = sorted(found.lacking.items())[:SHOWN]
        for (area, cell), n in shown:
            key = " ".join(part for part in (cell.facet, cell.key, cell.also) if part)
            click.echo(f"{name} {area} {key or 'all'}: {cell.measure} {n:+d}", err=True)
        if len(found.lacking) > SHOWN:
            click.echo(f"… and {len(found.lacking) - SHOWN} more", err=True)
        done = "not repaired" if check else "repaired"
        click.echo(f"statistics: {name} differed in {len(found.lacking)} counts, {done}", err=True)
    if differed:
        raise click.exceptions.Exit(1)
