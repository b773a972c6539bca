"""Who may know whom: reads the imports and fails on any arrow the house does not draw.

The drawing is in `grid_report/README.md`. What is broken today stands in `NOT_YET` with its
reason; an entry that is no longer needed fails too, so the list only gets shorter.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from enum import Enum

import pytest

from tests.support.house import (
    BY_NAME,
    BY_ROOM,
    CORE,
    MOST_EXCEPTIONS,
    OUTSIDE,
    ROOMS,
    TOP,
    kind_of,
    own_imports,
)
from tests.support.source import Module, calls, dotted, functions, modules

ARROWS = {
    "border": {"usecases", "queries", "rules", "border", "shapes", "wiring"},
    # Made of what was read; nothing is asked for or changed while an answer is put together.
    "shapes": {"queries", "rules", "border", "shapes", "wiring"},
    "usecases": {"usecases", "steps", "queries", "rules", "models", "wiring"},
    "steps": {"steps", "queries", "models", "rules", "wiring"},
    "queries": {"queries", "models", "rules", "wiring"},
    "models": {"models", "rules"},
    # What an app is wired with (keys, hasher, place names): never a table.
    "wiring": {"wiring", "rules"},
    "rules": {"rules"},
}
# What a domain may use of a lower one. Its tables are its own.
OF_OTHERS = {"steps", "queries", "rules", "shapes", "wiring"}

NOT_YET: dict[tuple[str, str], str] = {
    ("demo.appeals", "points.ledger.models"): "chooses the award somebody objects to",
    ("demo.appeals", "reports.models"): "chooses the refused report somebody objects to",
    ("demo.cast", "accounts.models"): "looks for the demo's own members",
    ("demo.world", "accounts.models"): "looks whether somebody lives here already",
    ("demo.world", "accounts.steps"): "audits the load in its own transaction",
    ("demo.world", "notify.models"): "counts what the inboxes got",
    ("demo.world", "notify.steps"): "brings a story's messages to the inboxes at their own time",
    ("demo.world", "reports.models"): "looks which stories are told already",
    ("places.queries", "places.steps"): "the areas of a version are a read",
    (
        "points.ledger.award_requests",
        "accounts.models",
    ): "one statement decides, with the rider's standing in it",
    ("points.audit.cli", "accounts.models"): "there is no query for an operator's member id",
    ("points.audit.cli", "accounts.steps"): "there is no query for an operator's member id",
    ("points.audit.cli", "points.ledger.models"): "there is no query for the freeze",
    (
        "points.history.queries",
        "points.ledger.accounts",
    ): "the names of accounts are a rule, opening them a step",
    (
        "points.budgets.usecases",
        "places.models",
    ): "there is no query for the codes of all communities",
}


def floor_of(name: str) -> int:
    room = name.split(".", maxsplit=1)[0]
    if room in TOP:
        return 9
    return CORE[room] if room in CORE else ROOMS[room]


def is_only_a_word(target: str, name: str | None) -> bool:
    """Tell whether an imported name is an enum: the words of a table, not the table."""
    if name is None:
        return False
    value = getattr(importlib.import_module(f"grid_report.{target}"), name, None)
    return isinstance(value, type) and issubclass(value, Enum)


def is_only_named(source: str, name: str | None) -> bool:
    """Tell whether a module names a class in its signatures only: it shows rows, it asks for none."""
    tree = modules()[source].tree
    signatures = {
        id(below)
        for node in ast.walk(tree)
        for annotation in (getattr(node, "annotation", None), getattr(node, "returns", None))
        if annotation is not None
        for below in ast.walk(annotation)
    }
    return all(
        id(node) in signatures
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and node.id == name
    )


def wrong_arrow(source: str, target: str, name: str | None) -> str:
    """Say why one import is not drawn; '' when it is."""
    if floor_of(source) == 9:
        return ""
    rooms = source.split(".", maxsplit=1)[0], target.split(".", maxsplit=1)[0]
    if target == "":
        return ""
    if rooms[0] != rooms[1] and floor_of(target) >= floor_of(source):
        return "upwards or sideways"
    if rooms[1] in CORE or rooms[1] == "web" or rooms[0] in CORE:
        return ""
    kinds = kind_of(source), kind_of(target)
    if kinds in (("border", "models"), ("shapes", "models")) and (
        is_only_a_word(target, name) or is_only_named(source, name)
    ):
        return ""
    if kinds[1] not in ARROWS[kinds[0]]:
        return f"{kinds[0]} -> {kinds[1]}"
    if rooms[0] != rooms[1] and target.endswith(("routes", "api", ".cli")):
        return "another domain's pages"
    if rooms[0] not in OUTSIDE and rooms[0] != rooms[1] and kinds[1] not in OF_OTHERS:
        return f"another domain's {kinds[1]}"
    return ""


def wrong_arrows() -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for module in modules().values():
        for target, name, line in own_imports(module):
            why = wrong_arrow(module.name, target, name)
            if why:
                found[module.name, target] = f"{module.at}:{line} imports {target}: {why}"
    return found


def test_every_module_has_a_floor() -> None:
    homeless = {m.room for m in modules().values()} - CORE.keys() - ROOMS.keys() - TOP
    assert not homeless


def test_every_arrow_is_drawn() -> None:
    found = wrong_arrows()
    assert not [why for pair, why in found.items() if pair not in NOT_YET]


def test_what_is_not_yet_right_still_is_wrong() -> None:
    assert not set(NOT_YET) - set(wrong_arrows())


def test_named_files_exist_and_are_few() -> None:
    assert not (BY_NAME.keys() | BY_ROOM.keys()) - modules().keys()
    assert len(BY_NAME) <= MOST_EXCEPTIONS


@pytest.mark.parametrize("library", ["flask", "sqlalchemy", "werkzeug", "flask_sqlalchemy"])
def test_rules_know_neither_flask_nor_the_database(library: str) -> None:
    found = [
        f"{module.at}:{one.line}"
        for module in modules().values()
        if module.room in ROOMS and module.room != "web" and kind_of(module.name) == "rules"
        for one in module.imports
        if one.module.split(".")[0] == library or one.module == "db"
    ]
    assert not found


def test_what_reads_does_not_write() -> None:
    """A file on the rung of queries or rules has no statement that changes a row."""
    writing = {"insert", "update", "delete"}
    found = {
        module.name
        for module in modules().values()
        if module.room in ROOMS and kind_of(module.name) in {"queries", "rules"}
        for it in module.imports
        if it.module.startswith("sqlalchemy") and it.name in writing
    }
    assert found == set()


def test_only_jobs_imports_the_scheduler_library() -> None:
    found = [
        module.at
        for module in modules().values()
        for one in module.imports
        if one.module.startswith("apscheduler") and module.room != "jobs"
    ]
    assert not found


def test_only_the_transaction_commits() -> None:
    # schema.py runs the migrations, which are no use case and have a transaction of their own.
    found = [
        f"{module.at}:{call.lineno}"
        for module in modules().values()
        if module.name not in ("db", "schema")
        for call in calls(module.tree)
        if isinstance(call.func, ast.Attribute) and call.func.attr == "commit"
    ]
    assert not found


def state_writers(module: Module) -> Iterator[str]:
    """Yield the functions that set a report's `state`, by whatever means."""
    for function in functions(module):
        for node in ast.walk(function):
            targets = (
                node.targets
                if isinstance(node, ast.Assign)
                else [node.target]
                if isinstance(node, ast.AugAssign | ast.AnnAssign)
                else []
            )
            # Of several at once, too: `it.state, it.version = …`.
            assigned = any(
                isinstance(part, ast.Attribute) and part.attr == "state"
                for target in targets
                for part in (target.elts if isinstance(target, ast.Tuple) else [target])
            )
            passed = (
                isinstance(node, ast.Call)
                and dotted(node.func).rpartition(".")[2] in ("values", "Report")
                and any(keyword.arg == "state" for keyword in node.keywords)
            )
            named = (
                isinstance(node, ast.Call)
                and dotted(node.func) == "setattr"
                and isinstance(node.args[1], ast.Constant)
                and node.args[1].value == "state"
            )
            entered = isinstance(node, ast.Call) and dotted(node.func) == "enter"
            if assigned or passed or named or entered:
                yield f"{module.name}.{function.name}"


def test_only_the_lifecycle_moves_a_report() -> None:
    found = {
        writer
        for module in modules().values()
        if module.room == "reports" or any(i.module == "reports.models" for i in module.imports)
        for writer in state_writers(module)
    }
    assert found == {"reports.steps.move", "reports.submission.usecases.set_initial_state"}


def test_each_lifecycle_is_walked_in_one_place() -> None:
    found = {
        writer
        for module in modules().values()
        if any(it.module == "workflow" and it.name == "enter" for it in module.imports)
        for writer in state_writers(module)
    }
    assert found == {
        "reports.steps.move",
        "offers.permits.steps.move",
        # Before its first step a thing has no state to come from.
        "offers.permits.steps.start",
        "offers.redemptions.steps.move",
        # The queue of a slot has no steps: who waits is offered a place, or not.
        "offers.redemptions.steps.take_place",
        "offers.redemptions.steps.free_place",
        "offers.redemptions.steps.leave",
        "offers.settlements.steps.move",
    }


# `scheduled` notes what was told, which is beside the ledger.
LEDGER_WRITERS = {
    *(f"ledger.{name}" for name in ("awards", "award_requests", "events", "freezes", "accounts")),
    "budgets.scheduled",
}
WRITES = {"insert", "update", "delete", "insert_once", "Insert", "Update", "Delete"}


def ledger_tables() -> set[str]:
    """Name the models of the points tables."""
    return {
        node.name
        for name in ("points.ledger.models", "points.ledger.pending_models")
        for node in modules()[name].tree.body
        if isinstance(node, ast.ClassDef)
    }


def table_writers(module: Module, tables: set[str]) -> Iterator[str]:
    """Yield the calls that write one of the tables: built statements, rows and raw SQL alike."""
    for call in calls(module.tree):
        name = dotted(call.func).rpartition(".")[2]
        named = {n.id for a in call.args for n in ast.walk(a) if isinstance(n, ast.Name)}
        if (name in WRITES and named & tables) or name in tables:
            yield f"{module.at}:{call.lineno}"
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            words = node.value.upper().split()
            if words[:1] in (["INSERT"], ["UPDATE"], ["DELETE"]) and "POINT_" in node.value.upper():
                yield f"{module.at}:{node.lineno}"


def test_nothing_but_the_ledger_writes_its_tables() -> None:
    tables, found = ledger_tables(), set()
    assert {"Account", "Journal", "Transfer", "Lot", "LotMovement", "PendingAward"} <= tables
    for module in modules().values():
        # Only who knows the tables can write them; a name alone may be anything.
        if any(
            one.module in ("points.ledger.models", "points.ledger.pending_models")
            for one in module.imports
        ):
            found |= {(module.name, at) for at in table_writers(module, tables)}
    assert {name.removeprefix("points.") for name, _ in found} == LEDGER_WRITERS, found


def test_the_ledger_has_one_name() -> None:
    """What `ledger` gathers is imported under that name, by the domain's own use cases as well."""
    ledger = modules()["points.ledger"]
    inside = {one.module for one in ledger.imports if one.module.startswith("points.")}
    parts = {name for name in inside if kind_of(name) == "steps"}
    assert parts >= {f"points.ledger.{name}" for name in ("awards", "holds", "reversals")}
    found = [
        f"{module.at}:{one.line}"
        for module in modules().values()
        if kind_of(module.name) != "steps" or module.room != "points"
        for one in module.imports
        if one.module in parts | {"points.ledger.events"}
    ]
    assert not found


def test_time_is_asked_for_at_the_border_only() -> None:
    # reports.pages is what that domain's routes share.
    def may(name: str) -> bool:
        room, _, rest = name.partition(".")
        return (
            room in {"jobs", "web", "demo", "clock", "cli"}
            or rest.endswith(("routes", "api", "cli"))
            or name == "reports.pages.page_views"
        )

    found = [
        f"{module.at}:{node.lineno}"
        for module in modules().values()
        if not may(module.name)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute)
        and dotted(node) in ("clock.now", "datetime.now", "datetime.utcnow", "date.today")
    ]
    assert not found


def opens_transaction(function: ast.FunctionDef) -> bool:
    return any(
        isinstance(item.context_expr, ast.Call)
        and dotted(item.context_expr.func).rpartition(".")[2] == "transaction"
        for node in ast.walk(function)
        if isinstance(node, ast.With)
        for item in node.items
    )


def test_every_public_write_is_a_use_case() -> None:
    """A use case is tried again after a lost race; one transaction each, or none would be told."""
    bare, elsewhere = [], []
    for module in modules().values():
        if module.name == "db":
            continue
        for function in functions(module):
            if not opens_transaction(function):
                continue
            decorators = {dotted(decorator) for decorator in function.decorator_list}
            if "use_case" not in decorators and not function.name.startswith("_"):
                bare.append(f"{module.name}.{function.name}")
            if kind_of(module.name) != "usecases" and module.room != "demo":
                elsewhere.append(f"{module.name}.{function.name}")
    assert not bare
    assert not elsewhere
