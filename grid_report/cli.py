"""The `grid-report` command: each domain's commands under one name."""

from __future__ import annotations

import importlib
import os
import sys

import click
from flask.cli import FlaskGroup, with_appcontext
from sqlalchemy.exc import DBAPIError

from grid_report import clock, create_app, troubles
from grid_report.errors import GridReportError, Invalid
from grid_report.settings import SettingsError
from grid_report.web.http import logs


def _create() -> object:
    logs.configure()
    return create_app()


# Where each command lives; imported only when it is asked for, so that every start is quick.
COMMANDS = {
    "bench": "grid_report.bench:bench_cli",
    "communities": "grid_report.places.cli:places_cli",
    "demo": "grid_report.demo.cli:demo_cli",
    "fairness": "grid_report.fairness.cli:fairness_cli",
    "jobs": "grid_report.jobs.cli:jobs_cli",
    "media": "grid_report.media.upkeep.cli:media_cli",
    "members": "grid_report.accounts.members.cli:accounts_cli",
    "points": "grid_report.points.audit.cli:points_cli",
    "scheduler": "grid_report.jobs.cli:scheduler",
    "statistics": "grid_report.statistics.counts.cli:statistics_cli",
}


class LateGroup(FlaskGroup):
    """Flask's command group, with commands that are imported when they are named."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name every command."""
        return sorted({*click.Group.list_commands(self, ctx), *COMMANDS})

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Find a command, importing its module when it is one of ours."""
        if name in COMMANDS:
            module, _, attribute = COMMANDS[name].partition(":")
            command: click.Command = getattr(importlib.import_module(module), attribute)
            return command
        return click.Group.get_command(self, ctx, name)


@click.group(
    cls=LateGroup,
    create_app=_create,
    add_default_commands=False,
    add_version_option=False,
    set_debug_flag=False,
    load_dotenv=False,
)
def cli() -> None:
    """Grid Report (移动网格员): run the site and look after its data."""


# Flask's own options (which app, debug, env file) have one right value here.
cli.params.clear()


@cli.command("serve", with_appcontext=False)
@click.option("--host", help="Address to listen on (default: HOST, else the settings).")
@click.option(
    "--port", type=click.IntRange(1, 65535), help="Port (default: PORT, else the settings)."
)
@click.option("--reload", is_flag=True, help="Start anew when the program is changed.")
def serve(host: str | None, port: int | None, reload: bool) -> None:
    """Serve the site: web workers and one scheduler, until Ctrl-C."""
    from grid_report.serving import supervisor
    from grid_report.settings import load

    if host:
        os.environ["HOST"] = host
    if port:
        os.environ["PORT"] = str(port)
    sys.exit(supervisor.serve(load(), reload=reload))


@cli.group("db")
def database() -> None:
    """The database schema."""


@database.command("upgrade")
@click.argument("revision", default="head")
@with_appcontext
def upgrade(revision: str) -> None:
    """Bring the database to the newest schema and reference data. Safe to repeat."""
    from grid_report import connections, schema
    from grid_report.db import db
    from grid_report.places.usecases import load_reference
    from grid_report.points.tariff.usecases import load_tariff
    from grid_report.web.context import settings

    connections.make_file(db.engine)
    before = schema.current(db.engine)
    schema.upgrade(db.engine, revision)
    after = schema.current(db.engine)
    if after == schema.head():
        load_reference(county_code=settings().county.code, now=clock.now())
        load_tariff(now=clock.now())
    click.echo(f"database: {before or 'empty'} -> {after}")


@database.command("downgrade")
@click.argument("revision")
@with_appcontext
def downgrade(revision: str) -> None:
    """Take the schema back to a revision; the data of newer tables is lost."""
    from grid_report import schema
    from grid_report.db import db

    schema.downgrade(db.engine, revision)
    click.echo(f"database: {schema.current(db.engine) or 'empty'}")


@database.command("current")
@with_appcontext
def current() -> None:
    """Say which revision the database is at."""
    from grid_report import schema
    from grid_report.db import db

    click.echo(f"{schema.current(db.engine) or 'empty'} (newest: {schema.head()})")


def main() -> None:
    """Run the command; what is refused on purpose is one line, not a traceback."""
    try:
        # Outside its standalone mode click returns the code of an Exit instead of raising it.
        code = cli.main(prog_name="grid-report", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit("stopped")
    except SettingsError as error:
        sys.exit(f"settings: {error}")
    except Invalid as error:
        wrong = "; ".join(
            f"{name}: {', '.join(problem.code for problem in problems)}"
            for name, problems in error.problems.items()
        )
        sys.exit(f"refused: {wrong}")
    except GridReportError as error:
        sys.exit(f"refused: {error.code} {error.facts or ''}".rstrip())
    except (DBAPIError, OSError) as error:
        trouble = troubles.behind(error)
        if trouble is None:
            raise
        reason = str(getattr(error, "orig", error)).strip().splitlines()[:1]
        sys.exit(f"refused: {trouble.code} ({' '.join(reason)})")
    if isinstance(code, int):
        sys.exit(code)


if __name__ == "__main__":
    main()
