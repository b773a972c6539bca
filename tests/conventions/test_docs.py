"""The documentation says what is there: everything mentioned, everything it mentions real."""

from __future__ import annotations

import ast
import re
import shlex
import subprocess
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import click
import pytest

from grid_report.cli import cli
from grid_report.jobs.registry import JOBS
from grid_report.languages import columns
from grid_report.permissions import PERMISSIONS
from grid_report.reports.lifecycle import State, Step
from grid_report.settings import SHORT_NAMES, Settings
from tests.support.source import ROOT, calls, dotted, modules
from tools import tables

LONGEST_README = 120
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```[a-z]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")

SETTINGS = [
    (section, name)
    for section, field in Settings.model_fields.items()
    for name in cast(Any, field.annotation).model_fields
]
# Settings that stand in the file before anything reads them.
UNREAD_TODAY: set[tuple[str, str]] = set()


@cache
def tracked() -> list[Path]:
    """Return every file that is or will be part of the repository."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a checkout")
    said = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    return [path for name in said.split("\0") if name and (path := ROOT / name).is_file()]


@cache
def pages() -> dict[str, str]:
    """Return every Markdown page by its path."""
    return {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for path in tracked()
        if path.suffix == ".md"
    }


def everything() -> str:
    return "\n".join(pages().values())


def commands(command: click.Command, words: tuple[str, ...]) -> Iterator[tuple[str, click.Command]]:
    """Yield every command below one, with the words that call it."""
    if isinstance(command, click.Group):
        # Flask would load an app to look for more commands; ours are all in the group.
        context = click.Context(command, obj=SimpleNamespace(load_app=lambda: None))
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from commands(found, (*words, name))
    else:
        yield " ".join(words), command


@cache
def all_commands() -> dict[str, click.Command]:
    return dict(commands(cli, ()))


def shown() -> Iterator[tuple[str, str]]:
    """Yield page and text of every command shown, in fences, in code and beside a `·` in tables."""
    for page, text in pages().items():
        pieces = [line for block in FENCE.findall(text) for line in block.splitlines()]
        groups = tuple({words.split()[0] for words in all_commands() if " " in words})
        for line in FENCE.sub("", text).splitlines():
            codes = CODE.findall(line)
            pieces += codes
            if "grid-report " in line and line.startswith("|"):
                # `grid-report db upgrade` · `db current`: the second is one of ours as well.
                cell = CODE.findall(line.split("|")[1])
                first = cell[0].removeprefix("grid-report ").split() if cell else []
                for code in cell[1:]:
                    prefix = "" if code.startswith(groups) else f"{first[0]} "
                    pieces.append(f"grid-report {prefix}{code}")
        for piece in pieces:
            found = re.search(r"(?:^|/| )grid-report (.+)$", piece.split(" #")[0].rstrip())
            if found and not piece.startswith(("#", "/")):
                yield page, found[1]


@pytest.mark.parametrize(("section", "name"), SETTINGS)
def test_every_setting_is_documented(section: str, name: str) -> None:
    text = pages()["config/README.md"]
    short = {place: variable for variable, place in SHORT_NAMES.items()}
    variable = short.get((section, name), f"GRID_REPORT_{section.upper()}__{name.upper()}")
    assert f"| `{section}.{name}` | `{variable}` | " in text
    assert re.search(rf"^{name} = .*#", (ROOT / "config/default.toml").read_text(), re.MULTILINE)


def test_every_setting_is_read() -> None:
    read = {
        node.attr
        for module in modules().values()
        if module.name != "settings"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute)
    }
    # `written(county, "name", language)` reads `name_zh` and `name_en`.
    read |= {
        name
        for module in modules().values()
        for call in calls(module.tree)
        if dotted(call.func) in ("written", "by_language")
        and isinstance(call.args[1], ast.Constant)
        for name in columns(str(call.args[1].value))
    }
    inside = {
        node.attr
        for node in ast.walk(modules()["settings"].tree)
        if isinstance(node, ast.Attribute)
    }
    assert {place for place in SETTINGS if place[1] not in read | inside} == UNREAD_TODAY


def test_every_command_is_documented() -> None:
    documented = {words for _, words in shown()}
    missing = {
        words
        for words in all_commands()
        if not any(f"{said} ".startswith(f"{words} ") for said in documented)
    }
    assert not missing


def test_every_command_shown_exists() -> None:
    wrong = []
    for page, said in shown():
        words = shlex.split(said.replace("…", ""))
        name = next(
            (n for k in range(len(words), 0, -1) if (n := " ".join(words[:k])) in all_commands()),
            None,
        )
        if name is None:
            group = any(command.startswith(f"{' '.join(words)} ") for command in all_commands())
            if words != ["--help"] and not group:
                wrong.append(f"{page}: grid-report {said}")
            continue
        options = {
            option
            for parameter in all_commands()[name].params
            for option in (*parameter.opts, *parameter.secondary_opts)
        }
        wrong += [
            f"{page}: grid-report {name} has no {word}"
            for word in words
            if word.startswith("-") and word.split("=")[0] not in options | {"--help"}
        ]
    assert not wrong


@pytest.mark.parametrize("words", [State, Step, PERMISSIONS], ids=["state", "step", "permission"])
def test_every_word_of_the_house_is_documented(words: Iterable[str]) -> None:
    text = pages()["grid_report/README.md"]
    assert not [word for word in words if f"`{word}`" not in text]


def test_every_job_is_documented() -> None:
    assert not [job.name for job in JOBS if f"`{job.name}`" not in pages()["grid_report/README.md"]]


def test_the_tables_are_those_of_the_code() -> None:
    page = pages()["grid_report/README.md"]
    assert tables.renewed(page) == page, "run: .venv/bin/python tools/tables.py"


def test_every_module_at_the_top_is_on_the_map() -> None:
    text = pages()["grid_report/README.md"]
    top = {module.room for module in modules().values()} - {""}
    assert not [name for name in top if f"[{name}.py](" not in text and f"[{name}/](" not in text]


def test_every_link_resolves() -> None:
    broken = []
    for page, text in pages().items():
        for target in LINK.findall(FENCE.sub("", text)):
            if re.match(r"[a-z]+:", target):
                continue
            path, _, anchor = target.partition("#")
            found = (ROOT / page).parent / path if path else ROOT / page
            if not found.exists() or (anchor and anchor not in anchors(found)):
                broken.append(f"{page}: {target}")
    assert not broken


def anchors(page: Path) -> set[str]:
    heads = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def test_the_readme_is_short() -> None:
    assert pages()["README.md"].count("\n") < LONGEST_README


def test_decisions_are_numbered() -> None:
    numbers = re.findall(r"^## (\d+)\. ", pages()["grid_report/DECISIONS.md"], re.MULTILINE)
    assert numbers == [str(number) for number in range(1, len(numbers) + 1)]


# Addresses of registries, folders of one machine: true on one desk only. Written in pieces, so
# that this file does not find itself.
FOREIGN = re.compile(
    "|".join(
        [
            r"registry\.npm" + r"js\.org",
            r"registry\.npm" + r"mirror",
            r"files\.python" + r"hosted",
            r"pypi\.(org|" + r"tuna|python)",
            r"(index|extra-index)-url[ =]",
            r"mirrors?\.[a-z]+\.(com|edu|cn)",
            r"(?<![\w.])/(home|root|Users)/\w",
            r"(?<![\w.])/wo" + r"rk/",
            r"(?<![\w.])/tmp/pl" + r"an",
            r"\.lib" + r"rary\b",
        ]
    )
)
# Takes such lines out of the locks, and so has to know them.
KNOWS_REGISTRIES = {"tools/lock.py", "tests/conventions/test_docs.py"}


def test_nothing_is_true_on_one_machine_only() -> None:
    found = []
    for path in tracked():
        name = path.relative_to(ROOT).as_posix()
        if name in KNOWS_REGISTRIES:
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [
            f"{name}: {match.group()}"
            for line in text.splitlines()
            if (match := FOREIGN.search(line))
        ]
    assert not found
