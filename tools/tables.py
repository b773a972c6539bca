"""Write the tables of `grid_report/README.md` from the code they describe.

`python tools/tables.py` (with `.venv`'s Python) rewrites what stands between the markers;
`tests/conventions/test_docs.py` fails while page and code differ.
"""

import ast
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from grid_report import settings  # noqa: E402 - found through the line above
from grid_report.access import Actor, Grant, Permission  # noqa: E402
from grid_report.access.roles import Role  # noqa: E402
from grid_report.jobs.registry import JOBS  # noqa: E402
from grid_report.offers.permits.lifecycle import (  # noqa: E402
    APPLICATION_MOVES,
    ApplicationState,
    ApplicationStep,
    Firm,
)
from grid_report.offers.redemptions.lifecycle import (  # noqa: E402
    REDEMPTION_MOVES,
    RedemptionState,
    RedemptionStep,
)
from grid_report.offers.settlements.lifecycle import STATEMENT_MOVES, Side, StatementFacts  # noqa: E402
from grid_report.permissions import PERMISSIONS  # noqa: E402
from grid_report.reports.casework.audience import TELLING, Cell, Person  # noqa: E402
from grid_report.reports.lifecycle import (  # noqa: E402
    KEPT_MOVES,
    MOVES,
    OPEN,
    STEPS_THAT_MOVE,
    STOPPED,
    Part,
    State,
    Step,
    steps_from,
)
from tests.support import house  # noqa: E402
from tests.support.source import modules  # noqa: E402

PAGE = ROOT / "grid_report" / "README.md"
COMMUNITY, STREET, UNIT, STATION, COUNTY = "community", "street", "unit", "station", "county"
AT = {
    Role.RIDER: None,
    Role.WORKER: COMMUNITY,
    Role.SUPERVISOR: STREET,
    Role.HANDLER: UNIT,
    Role.STATION_STAFF: STATION,
    Role.ADMINISTRATOR: COUNTY,
    Role.AUDITOR: COUNTY,
}


def states() -> str:
    """List the states: whether somebody still has to act, whether the clocks stand, what leads on."""
    rows = [
        (
            f"`{state}`",
            "yes" if state in OPEN else "",
            ("stand still" if state in STOPPED else "run") if state in OPEN else "",
            ", ".join(f"`{step}`" for step in steps_from(state)),
        )
        for state in State
    ]
    return table(("state", "open", "clocks", "steps that lead on"), rows)


def moves() -> str:
    """List the steps that move a report, one line for states that share a step."""
    grouped: dict[tuple[Step, State | None, frozenset[Part], tuple[str, ...]], list[State]] = {}
    for (state, step), move in MOVES.items():
        key = (step, move.to, move.by, tuple(need.value for need in move.needs))
        grouped.setdefault(key, []).append(state)
    rows = [
        (
            f"`{step}`",
            ", ".join(f"`{state}`" for state in came_from),
            f"`{to}`" if to else "the state before",
            ", ".join(sorted(by)),
            ", ".join(f"`{need}`" for need in needs),
        )
        for (step, to, by, needs), came_from in grouped.items()
    ]
    quiet = ", ".join(f"`{step}`" for step in Step if step not in STEPS_THAT_MOVE)
    return (
        table(("step", "from", "to", "by", "needs"), rows) + f"\n\nHistory without a move: {quiet}."
    )


def kept() -> str:
    """List the way of a report that waits for its rider's proof."""
    rows = [
        (f"`{step}`", f"`{state}`", f"`{to}`", ", ".join(sorted(by)) or "the proof")
        for (state, step), (to, by) in KEPT_MOVES.items()
    ]
    return table(("step", "from", "to", "by"), rows)


def telling() -> str:
    """List for each step and event who is told what, of which clock, and when."""

    def words(cell: Cell | None) -> str:
        if cell is None:
            return ""
        said = f"`{cell.kind}`" + (f" · {cell.clock}" if cell.clock else "")
        return f"{said}, {cell.when}" if cell.when else said

    rows = [
        (
            f"`{what}`" if isinstance(what, Step) else str(what),
            *(words(cells.get(person)) for person in Person),
        )
        for what, cells in TELLING.items()
    ]
    return table(("step", *(str(person) for person in Person)), rows)


def redemptions() -> str:
    """List the steps that move a redemption, with what they do to points and places."""
    rows = [
        (
            f"`{step}`",
            f"`{came_from}`",
            f"`{move.to}`",
            ", ".join(sorted(move.by)),
            move.points,
            "yes" if move.gives_back else "",
        )
        for (came_from, step), move in REDEMPTION_MOVES.items()
    ]
    moving = {step for _, step in REDEMPTION_MOVES}
    quiet = ", ".join(f"`{step}`" for step in RedemptionStep if step not in moving)
    head = ("step", "from", "to", "by", "points", "place comes back")
    return table(head, rows) + f"\n\nHistory without a move: {quiet}."


def statements() -> str:
    """List the steps that move a statement of a provider's month."""
    rows = [
        (
            f"`{step}`",
            f"`{came_from}`",
            f"`{move.to}`",
            ", ".join(sorted(move.by)),
            "a reason" if move.needs_words else "",
        )
        for (came_from, step), move in STATEMENT_MOVES.items()
    ]
    return table(("step", "from", "to", "by", "needs"), rows)


def applications() -> str:
    """List the steps that move an application for a card, with what the fee does."""
    firms = {Firm.NEEDED: "with a firm", Firm.NONE: "self-managed", Firm.EITHER: ""}
    grouped: dict[tuple[str, ...], list[ApplicationState]] = {}
    for (state, step), move in APPLICATION_MOVES.items():
        reason = "yes" if move.needs_reason else ""
        key = (f"`{step}`", f"`{move.to}`", ", ".join(sorted(move.by)), firms[move.firm],
               move.fee.value, reason)  # fmt: skip
        grouped.setdefault(key, []).append(state)
    rows = [
        (step, ", ".join(f"`{state}`" for state in came_from), to, by, firm, fee, reason)
        for (step, to, by, firm, fee, reason), came_from in grouped.items()
    ]
    moving = {step for _, step in APPLICATION_MOVES}
    quiet = ", ".join(f"`{step}`" for step in ApplicationStep if step not in moving)
    head = ("step", "from", "to", "by", "compound", "fee", "reason")
    return table(head, rows) + f"\n\nHistory without a move: {quiet}."


def actions() -> str:
    """Ask every permission about every role, at the place the report belongs to."""
    about = {
        "reporter_id": 2,
        "rider_id": 2,
        "code": COMMUNITY,
        "parent": STREET,
        "decided_by_id": None,
        "approved_by_id": None,
        "rider_ids": {2},
        "decider_ids": {3},
        "community_code": COMMUNITY,
        "street_code": STREET,
        "unit_code": UNIT,
        "dispatched_at": 1,
        "self_handled": False,
        "handled_by_id": None,
        "started_by_id": None,
        "sensitive": False,
        "state": State.CLOSED,
        "proposed_by_id": 2,
    }
    taken = {
        "rider_id": 2,
        "station_code": AT[Role.STATION_STAFF],
        "state": RedemptionState.DELIVERED,
    }
    foreign = SimpleNamespace(**about)
    own = SimpleNamespace(**about | {"reporter_id": 1, "rider_id": 1, "rider_ids": {1}})
    handled = SimpleNamespace(**about | {"state": State.HANDLED})
    unrouted = SimpleNamespace(**about | {"community_code": None, "street_code": None})
    sheets = [
        StatementFacts(frozenset({STATION}), 2, side, 2)
        for side in (None, Side.PROVIDER, Side.COUNTY)
    ]
    theirs, mine = SimpleNamespace(**taken), SimpleNamespace(**taken | {"rider_id": 1})
    asked = {"rider_id": 2, "community_code": COMMUNITY, "unit_code": UNIT, "firms": {UNIT}}
    application, own_one = SimpleNamespace(**asked), SimpleNamespace(**asked | {"rider_id": 1})

    def mark(role: Role, permission: Permission[Any]) -> str:
        who, name = Actor(1, "", frozenset({Grant(role, AT[role])})), permission.name
        things: Iterable[object] = (own,) if role is Role.RIDER else (foreign, unrouted, handled)
        if name.startswith(("redemption.", "voucher.")) or name == "offers.call_off":
            things = (mine,) if role is Role.RIDER else (theirs,)
        if name.startswith("statement."):
            things = sheets
        if name == "upload.continue":
            things = (SimpleNamespace(member_id=1),)
        if name in ("application.read", "owner_price.set"):
            things = (own_one,) if role is Role.RIDER else (application,)
        return "●" if any(permission.rule(who, it) for it in things) else ""

    rows = [(f"`{one.name}`", *(mark(role, one) for role in Role)) for one in PERMISSIONS.values()]
    return table(("action", *(role.value for role in Role)), rows)


def jobs() -> str:
    """List the jobs with their cadence in the default settings and what they do."""
    cadence = settings.load({}).jobs
    rows = [
        (f"`{job.name}`", f"{job.every_s(cadence)} s", (job.run.__doc__ or "").splitlines()[0])
        for job in JOBS
    ]
    return table(("job", "every", "does"), rows)


def rooms() -> str:
    """List the rooms within rooms: what each is for, and which others of the same room it knows."""
    arrows = house.arrows_within()
    rows = []
    for name, module in modules().items():
        room, _, inner = name.partition(".")
        if inner and "." not in inner and module.path.name == "__init__.py" and room in house.ROOMS:
            said = (ast.get_docstring(module.tree) or "").splitlines()[:1]
            known = sorted(it.partition(".")[2] for it in arrows.get(name, {}) if "." in it)
            path = f"{room}/{inner}/"
            rows.append((f"[{path}]({path})", "".join(said), ", ".join(known)))
    return table(("room within", "for", "knows"), rows)


TABLES: dict[str, Callable[[], str]] = {
    "rooms": rooms,
    "states": states,
    "steps": moves,
    "kept": kept,
    "telling": telling,
    "redemptions": redemptions,
    "statements": statements,
    "applications": applications,
    "actions": actions,
    "jobs": jobs,
}


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Write a table in Markdown."""
    lines = [tuple(head)]
    lines += [tuple("-" * 3 for _ in lines[0]), *(tuple(row) for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def renewed(text: str) -> str:
    """Return a page with every marked table as the code has it now."""
    for name, make in TABLES.items():
        marked = re.compile(rf"(<!-- table: {name} -->\n).*?(\n<!-- end -->)", re.DOTALL)
        text, count = marked.subn(lambda m, make=make: m[1] + make() + m[2], text)  # type: ignore[misc]
        if count != 1:
            raise ValueError(f"the page has {count} places for the table {name}")
    return text


def main() -> int:
    """Rewrite the page."""
    before = PAGE.read_text(encoding="utf-8")
    after = renewed(before)
    if after != before:
        PAGE.write_text(after, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
