"""`grid-report media`: whose the photo store is, whether it is whole, and taking mistakes back."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import Any

import click
from flask.cli import AppGroup

from grid_report import clock
from grid_report.media.store import opening
from grid_report.media.store import owner as owning
from grid_report.media.store.owner import StoreRefused
from grid_report.media.store.stores import Store
from grid_report.media.upkeep import check as checking
from grid_report.media.upkeep import usecases
from grid_report.web.context import settings, wiring
from grid_report.web.pages.terminal import say

media_cli = AppGroup("media", help="The photo store: check it, take it over, take marks off.")


def _store() -> Store:
    store: Store = wiring().media.store
    return store


def _refused(refusal: StoreRefused) -> click.ClickException:
    return click.ClickException(opening.sentence(refusal))


def _say(code: str, **facts: Any) -> None:
    click.echo(say(code, **facts))


@media_cli.command("adopt")
@click.option("--yes", is_flag=True, help="Do not ask.")
def adopt(yes: bool) -> None:
    """Make this installation the owner of the photo store, whoever had it. Audited."""
    store, now = _store(), clock.now()
    owner = owning.find_owner(store)
    unknown, looked_at = usecases.count_unknown(
        store, wiring().photo_names_in_use, usecases.care_of(settings()), now=now
    )
    _say(
        "store_before_adoption",
        store=settings().photo_store_url,
        owner=owner.installation[:12] if owner else "-",
        unknown=unknown,
        looked_at=looked_at,
    )
    if not yes:
        click.confirm("adopt?", abort=True)
    usecases.adopt(store, now=now)
    _say("store_adopted")


@media_cli.command("restore")
@click.argument("names", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every photo that waits to be deleted.")
def restore(names: tuple[str, ...], everything: bool) -> None:
    """Keep photos that wait to be deleted, by name or all; without either, list them."""
    try:
        if not names and not everything:
            for name, since in usecases.list_marked(_store()):
                click.echo(f"{name} {since.isoformat()}")
            return
        count = usecases.restore(_store(), None if everything else names, now=clock.now())
    except StoreRefused as refusal:
        raise _refused(refusal) from refusal
    _say("photos_restored", count=count)


@media_cli.command("check")
def check() -> None:
    """Compare rows, files and digests; exits 1 when a file is missing, damaged or nobody's."""
    try:
        usecases.refuse_other(_store())
    except StoreRefused as refusal:
        raise _refused(refusal) from refusal
    found = checking.check_store(
        _store(),
        wiring().list_photo_files,
        wiring().photo_names_in_use,
        usecases.care_of(settings()),
        now=clock.now(),
        tell=click.echo,
        progress=lambda done: click.echo(say("media_checking", done=done), err=True),
    )
    _say("media_checked", **asdict(found))
    sys.exit(0 if found.is_sound else 1)


@media_cli.command("sweep")
@click.option(
    "--past-brake", is_flag=True, help="Go on although too much is unknown: somebody has looked."
)
def sweep(past_brake: bool) -> None:
    """Run the sweep now; exits 1 when the brake stopped it."""
    try:
        swept = usecases.sweep(
            _store(),
            wiring().photo_names_in_use,
            usecases.care_of(settings()),
            now=clock.now(),
            past_brake=past_brake,
        )
    except StoreRefused as refusal:
        raise _refused(refusal) from refusal
    if swept.is_stopped:
        _say("sweep_stopped", unknown=swept.unknown, looked_at=swept.looked_at)
        sys.exit(1)
    _say(
        "swept",
        looked_at=swept.looked_at,
        marked=swept.marked,
        taken_off=swept.marks_taken_off,
        removed=swept.photos_removed,
    )
