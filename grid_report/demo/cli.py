"""`grid-report demo`: the fictional world a newcomer looks at first."""

from __future__ import annotations

import gc
import logging
import time

import click
from flask import current_app
from flask.cli import with_appcontext

from grid_report import clock
from grid_report.accounts import policy, queries
from grid_report.demo import world
from grid_report.demo.cast import PASSWORD, TakenByOthers
from grid_report.media.store import opening


@click.group("demo")
def demo_cli() -> None:
    """The demo world: fictional members and cases, never in production."""


class _Progress:
    """Says on stderr how far the load is, a line every few percent."""

    STEP = 5

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.said = -self.STEP

    def __call__(self, what: str, done: int, total: int) -> None:
        percent = 100 * done // max(total, 1)
        if what == "cases" and percent < self.said + self.STEP and done < total:
            return
        self.said = percent if what == "cases" else self.said
        seconds = time.monotonic() - self.began
        click.echo(f"demo: {what} {percent:3d} %  ({done}/{total}, {seconds:.0f} s)", err=True)


@demo_cli.command("load")
@click.option(
    "--reports", type=click.IntRange(0, 20_000), help="How many cases; default from the settings."
)
@click.option("--seed", type=int, help="Which world; the same seed makes the same one.")
@click.option(
    "--if-empty", is_flag=True, help="Do nothing where somebody else lives, or when it is there."
)
@with_appcontext
def load(reports: int | None, seed: int | None, *, if_empty: bool) -> None:
    """Load the demo world. Safe to repeat; a killed load goes on where it stopped."""
    wiring = current_app.extensions["grid_report"]
    settings = wiring.settings
    if if_empty:
        if settings.server.environment == "production" or not settings.demo.enabled:
            return
        there = world.find_world()
        if there is None and world.is_somebody_elses():
            return
        if there is not None:
            if there.is_complete:
                _print_sign_ins()
                return
            # A load begun with other numbers is finished as it was begun.
            reports, seed = there.reports, there.seed
    if refused := opening.why_not(now=clock.now()):
        raise click.ClickException(refused)
    # A line for each of two thousand steps would hide the progress.
    ours = logging.getLogger("grid_report")
    before = ours.level
    ours.setLevel(logging.WARNING)
    wanted = settings.demo.reports if reports is None else reports
    # One long story leaves little garbage: looking for it is a twentieth of the time.
    gc.set_threshold(50_000, 20, 20)
    try:
        counts = world.load(
            settings=settings,
            media=wiring.media,
            policy=policy.current(),
            reports_wanted=wanted,
            seed=settings.demo.seed if seed is None else seed,
            now=clock.now(),
            progress=_Progress(),
        )
    except (world.DemoRefused, TakenByOthers) as error:
        raise click.ClickException(str(error)) from error
    finally:
        ours.setLevel(before)
        wiring.media.close()
    if not counts:
        click.echo("demo: the world is there already")
        _print_sign_ins()
        return
    click.echo(f"demo: {counts['submit']} reports, {sum(counts.values())} steps")
    _print_sign_ins()


def _print_sign_ins() -> None:
    """Print whom a newcomer may sign in as."""
    click.echo(f"demo sign-ins (password of everybody: {PASSWORD}):")
    for one in queries.list_demo_sign_ins(policy.current().vault):
        click.echo(f"  {one.phone}  {one.role.value:<14} {one.place:<14} {one.name}")
