"""`grid-report members`: the first administrator has nobody to be created by."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from grid_report import clock
from grid_report.access.roles import HELD_AT, Role
from grid_report.accounts import entries, policy, queries, tokens
from grid_report.accounts.members import place_names, usecases
from grid_report.accounts.sign_in import second_step_usecases
from grid_report.errors import GridReportError, Invalid
from grid_report.languages import DEFAULT, LANGUAGES
from grid_report.web.pages.words import error_sentence, field_sentences

accounts_cli = AppGroup("members", help="Create and list members.")


@accounts_cli.command("create")
@click.option("--phone", required=True, help="Chinese mobile number, 11 digits.")
@click.option("--name", required=True)
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.option("--place", default="", help="Code of the community, street, unit or station.")
@click.option("--language", type=click.Choice(list(LANGUAGES)), default=DEFAULT)
@click.option("--no-password", is_flag=True, help="The member signs in by code only.")
@click.option(
    "--password",
    envvar="GRID_REPORT_NEW_PASSWORD",
    help="Asked for when missing; other users of this host can see a command's options.",
)
def create(
    *,
    phone: str,
    name: str,
    role: str,
    place: str,
    language: str,
    no_password: bool,
    password: str | None,
) -> None:
    """Create a member who holds one role."""
    if not no_password and password is None:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    try:
        grant = entries.read_grant(role, place)
        kind = HELD_AT[grant.role]
        if kind and not grant.place and len(place_names.names(kind)) == 1:
            grant = entries.read_grant(role, next(iter(place_names.names(kind))))
        member_id = usecases.create_member(
            phone=phone,
            password=None if no_password else password,
            name=name,
            language=language,
            grants=[grant],
            policy=policy.current(),
            place_exists=place_names.exists,
            actor=None,
            now=clock.now(),
        )
    except GridReportError as error:
        raise click.ClickException(_sentences(error)) from error
    click.echo(f"member {member_id}: {grant.role} {grant.place or ''}".rstrip())


@accounts_cli.command("list")
@click.option("--role", type=click.Choice([role.value for role in Role]))
@click.option("--limit", type=click.IntRange(1, 100_000), default=1000, show_default=True)
def list_them(role: str | None, limit: int) -> None:
    """List members, newest first: id, masked number, standing, roles. No names."""
    rows = queries.list_for_operator(
        Role(role) if role else None, vault=policy.current().vault, limit=limit
    )
    for row in rows:
        held = " ".join(f"{g.role}@{g.place}" if g.place else g.role.value for g in row.grants)
        click.echo(f"{row.id}\t{row.phone}\t{row.standing}\t{held}")


@accounts_cli.command("code")
@click.argument("phone")
def code(phone: str) -> None:
    """Print a code for the sign-in of PHONE that waits for one: its owner gets no message."""
    try:
        found = second_step_usecases.code_from_shell(
            phone, policy=policy.current(), now=clock.now()
        )
    except GridReportError as error:
        raise click.ClickException(_sentences(error)) from error
    for member_id, digits in found:
        click.echo(f"member {member_id}: {digits}, {tokens.CODE_MINUTES} min")


def _sentences(error: GridReportError) -> str:
    if not isinstance(error, Invalid):
        return error_sentence(error)
    return "\n".join(
        f"{name}: {sentence}"
        for name, sentences in field_sentences(error).items()
        for sentence in sentences
    )
