"""`grid-report communities …`: boundaries and the other reference data of places."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from grid_report import clock
from grid_report.errors import Invalid, NotFound
from grid_report.places import queries, usecases
from grid_report.places.basemap import usecases as basemap_usecases
from grid_report.places.boundaries import finding_views, open_cases
from grid_report.places.tables.sheet_problems import SheetError
from grid_report.web.context import settings
from grid_report.web.pages.words import field_sentences, sentence


@click.group("communities")
def places_cli() -> None:
    """Communities, their boundaries, units and compounds."""


@places_cli.command("list")
@with_appcontext
def list_communities() -> None:
    """List communities with their street and area."""
    for community in queries.reference().communities.values():
        size = f"{community.area_m2 / 1e6:8.2f} km2" if community.area_m2 else "  no boundary"
        click.echo(f"{community.code}  {size}  {community.street_name}  {community.name}")


@places_cli.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@click.option("--repair", is_flag=True, help="Make shapes valid that cross themselves.")
@click.option("--move-cases", is_flag=True, help="Open cases go along with their ground.")
@with_appcontext
def import_boundaries(file: Path, dry_run: bool, repair: bool, move_cases: bool) -> None:
    """Replace all boundaries by those of a GeoJSON FILE."""
    report = usecases.import_boundaries(
        file.read_bytes(),
        extent=queries.cache().extent,
        source=file.name,
        actor=None,
        now=clock.now(),
        dry_run=dry_run,
        repairing=repair,
        cases=open_cases.cases(queries.reference()),
        moving=move_cases,
    )
    with _english():
        names = {code: info.name for code, info in queries.reference().communities.items()}
        for line in finding_views.lines(report.findings, names):
            place = f"feature {line.feature}: " if line.feature else ""
            who = f"{line.community}: " if line.community else ""
            click.echo(f"{line.weight}: {place}{who}{line.sentence}", err=True)
        if report.left_out:
            click.echo(f"… and {report.left_out} more", err=True)
        if report.is_repairable:
            click.echo(sentence("findings", "boundaries_repairable"), err=True)
        outcome = (
            "boundaries_refused" if report.is_refused else _outcome(dry_run, report.changes.any)
        )
        for change in report.added:
            click.echo(f"+ {change.code} {change.name}  {change.after_m2:.0f} m2")
        for change in report.removed:
            click.echo(f"- {change.code} {change.name}  {change.before_m2:.0f} m2")
        for change in report.changed:
            click.echo(f"~ {change.code} {change.name}  {change.difference_m2:+.0f} m2")
        for code, name in report.without:
            click.echo(f"? {code} {name}")
        for one in report.passing:
            had = f"{one.before} {names[one.before]}" if one.before else "-"
            pair = f"{had} > {one.after} {names[one.after]}"
            said = sentence("findings", "cases_pass", cases=one.cases, movable=one.movable)
            click.echo(f"> {pair}  {said}")
        if report.passing and not report.is_refused:
            click.echo(
                sentence("findings", "cases_moved", count=report.moved)
                if move_cases and not dry_run
                else sentence("findings", "cases_stay")
            )
        click.echo(sentence("findings", outcome, version=report.version_id or 0))
    if report.is_refused:
        raise click.exceptions.Exit(1)


def _outcome(dry_run: bool, changes: bool) -> str:
    if not changes:
        return "boundaries_same"
    return "boundaries_would_change" if dry_run else "boundaries_changed"


@places_cli.command("load-categories")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@with_appcontext
def load_categories(file: Path) -> None:
    """Load categories from a CSV FILE with the columns of config/categories.csv."""
    _load(file, lambda content: usecases.load_categories(content, file=file.name))


@places_cli.command("load-units")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@with_appcontext
def load_units(file: Path) -> None:
    """Load units from a CSV FILE (code, name, kind, covers)."""
    county = settings().county.code
    _load(file, lambda content: usecases.load_units(content, county_code=county, file=file.name))


@places_cli.command("load-compounds")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@with_appcontext
def load_compounds(file: Path) -> None:
    """Load compounds from a CSV FILE (code, name, community_code, self_managed, lat, lng)."""
    _load(file, lambda content: usecases.load_compounds(content, file=file.name))


@places_cli.command("load-points")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@with_appcontext
def load_points(file: Path) -> None:
    """Load reference points from a CSV FILE (name, community_code, lat, lng)."""
    _load(file, lambda content: usecases.load_reference_points(content, file=file.name))


@places_cli.command("load-basemap")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--attribution", default="", help="Who made the map; shown on it.")
@click.option("--approval", default="", help="Its approval number; shown on it.")
@with_appcontext
def load_basemap(file: Path, attribution: str, approval: str) -> None:
    """Put the streets of a PMTiles FILE under the built-in map, whole or not at all."""
    try:
        with file.open("rb") as content, _refusals():
            archive = basemap_usecases.load_basemap(
                content,
                source=file.name,
                attribution=attribution,
                approval=approval,
                county=queries.cache().extent,
                now=clock.now(),
            )
    except NotFound as error:
        raise click.ClickException("another load or a drop overtook this one") from error
    zooms = f"zoom {archive.min_zoom} to {archive.max_zoom}"
    click.echo(f"{archive.byte_count} bytes, {zooms}: on the map from now on")


@places_cli.command("drop-basemap")
@with_appcontext
def drop_basemap() -> None:
    """Take the streets off the built-in map again."""
    try:
        basemap_usecases.drop_basemap(now=clock.now())
    except NotFound as error:
        raise click.ClickException("no streets are loaded") from error
    click.echo("the map shows communities and landmarks alone")


@places_cli.command("retire-category")
@click.argument("code")
@with_appcontext
def retire_category(code: str) -> None:
    """Offer the category CODE to riders no more; reports that have it keep it."""
    try:
        usecases.retire_category(code, now=clock.now())
    except NotFound as error:
        raise click.ClickException(f"no category {code}") from error
    click.echo(f"{code} is offered no more")


def _load(file: Path, load: Callable[[bytes], int]) -> None:
    try:
        click.echo(load(file.read_bytes()))
    except SheetError as error:
        with _english():
            found = finding_views.sheet_lines(error)
        raise click.ClickException("\n".join(found)) from error


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except Invalid as error:
        with _english():
            said = [line for lines in field_sentences(error).values() for line in lines]
        raise click.ClickException("\n".join(said)) from error


@contextmanager
def _english() -> Iterator[None]:
    # Sentences come from the catalogues, and those ask the request for the language.
    with current_app.test_request_context(headers={"Cookie": "language=en"}):
        yield
