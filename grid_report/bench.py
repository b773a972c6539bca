"""`grid-report bench`: runs the benchmarks of the source checkout (`tests/benchmarks`)."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

import click

from grid_report.settings import ROOT

NAMES = (
    "submission", "photo", "route", "writers", "desk", "compiling", "ledger", "statements",
    "statistics",
)  # fmt: skip


@click.group("bench")
def bench_cli() -> None:
    """Measure against a bound in the same run; prints ratios as a table and as JSON."""


def _run(name: str, rounds: int, as_json: bool, **more: Any) -> None:
    if not (ROOT / "tests" / "benchmarks").is_dir():
        raise click.ClickException("benchmarks live in a source checkout (tests/benchmarks)")
    sys.path.insert(0, str(ROOT))
    rows: list[dict[str, Any]] = importlib.import_module(f"tests.benchmarks.bench_{name}").run(
        rounds, **more
    )
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    columns = list(rows[0])
    widths = [
        max(len(str(row.get(c, ""))) for row in [dict.fromkeys(columns, ""), *rows])
        for c in columns
    ]
    widths = [max(width, len(column)) for width, column in zip(widths, columns, strict=True)]
    for line in [dict(zip(columns, columns, strict=True)), *rows]:
        click.echo(
            "  ".join(str(line.get(c, "")).ljust(w) for c, w in zip(columns, widths, strict=True))
        )


def _command(name: str) -> click.Command:
    @click.command(name, help=f"Run the {name} benchmark.")
    @click.option("--rounds", default=9, show_default=True, help="Paired rounds; 9 or more.")
    @click.option("--json", "as_json", is_flag=True, help="Print JSON only.")
    def run(rounds: int, as_json: bool) -> None:
        _run(name, rounds, as_json)

    return run


def _read_sizes(_context: click.Context, _option: click.Parameter, value: str) -> list[int]:
    sizes = [int(it) for it in value.split(",") if it.strip().isdecimal() and int(it) > 0]
    if len(sizes) != 2 or len(value.split(",")) != 2:
        raise click.BadParameter("two numbers with a comma between them")
    return sizes


@click.command(
    "statistics", help="Run the statistics benchmark: a set that is small, and a large one."
)
@click.option("--rounds", default=9, show_default=True, help="Paired rounds; 9 or more.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON only.")
@click.option(
    "--reports",
    default="10000,10000000",
    show_default=True,
    callback=_read_sizes,
    help="How many reports the small set and the large one have; ten million take hours and 40 GB.",
)
@click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    help="A folder the sets are left in, and found again.",
)
def _statistics(rounds: int, as_json: bool, reports: list[int], keep: Path | None) -> None:
    _run("statistics", rounds, as_json, reports=reports, keep=keep)


for _name in NAMES:
    bench_cli.add_command(_statistics if _name == "statistics" else _command(_name))
