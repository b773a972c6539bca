"""`tools/mutate` puts faults where faults can be, and calls none found that was not."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

from tools.mutate import operators, selecting
from tools.mutate.__main__ import ACCEPTED, accepted, report
from tools.mutate.recorder import Chosen
from tools.paths import ROOT

SOURCE = '''
"""Words."""
from typing import Final
OPEN: Final = frozenset({1, 2, 3})
Facts = dict[str, int]

def f(it: int | None, most: int = 5) -> int:
    """Say."""
    assert it is not None
    logger.info("said", extra={"a": 1, "b": 2})
    if it < most and not it.done:
        it.state = "x"
        tell(it)
    it.count += 1
    return [one for one in it if one] if most else it - 1
'''


def changes(source: str) -> list[tuple[str, str, str]]:
    return [(it.kind, it.before, it.after) for it in operators.mutants("a.py", source)]


def test_each_kind_of_fault_is_found() -> None:
    found = changes(SOURCE)
    assert ("comparison", "it < most", "it <= most") in found
    assert ("boolean", "it < most and (not it.done)", "it < most or not it.done") in found
    assert ("not removed", "not it.done", "it.done") in found
    assert ("statement removed", "it.state = 'x'", "pass") in found
    assert ("statement removed", "tell(it)", "pass") in found
    assert ("arithmetic", "it.count += 1", "it.count -= 1") in found
    assert ("arithmetic", "it - 1", "it + 1") in found
    assert ("constant", "1", "0") in found
    assert ("default", "5", "6") in found
    assert ("entry removed", "{1, 2, 3}", "{1, 3}") in found
    assert ("filter removed", "for one in it if one", "for one in it") in found
    kinds = Counter(kind for kind, _, _ in found)
    assert kinds["if True"] == kinds["if False"] == kinds["return None"] == kinds["not added"] == 1


def test_words_types_logs_and_invariants_are_left_alone() -> None:
    said = " ".join(before for _, before, _ in changes(SOURCE))
    assert ("comparison", "it is not None", "it is None") not in changes(SOURCE)
    for word in ("Words", "Say", "dict", "int", "assert", "logger", "'a'"):
        assert word not in said, word


def test_each_number_makes_its_one_change_and_none_makes_none() -> None:
    plain = ast.dump(ast.parse(SOURCE))
    assert ast.dump(operators.mutated(SOURCE, None)) == plain
    found = operators.mutants("a.py", SOURCE)
    dumps = {ast.dump(operators.mutated(SOURCE, it.number)) for it in found}
    assert len(dumps) == len(found)
    assert plain not in dumps
    for it in found:
        compile(operators.mutated(SOURCE, it.number), "a.py", "exec")


def test_a_mutant_is_known_again_when_lines_have_moved() -> None:
    before = operators.mutants("a.py", SOURCE)
    after = operators.mutants("a.py", "import ast\n\n" + SOURCE)
    assert [it.key for it in before] == [it.key for it in after]
    assert len({it.key for it in before}) == len(before)
    assert [it.line + 2 for it in before] == [it.line for it in after]


@pytest.fixture
def town(tmp_path: Path) -> Path:
    """Make a small tree with files of three areas."""
    for path, lines in {
        "grid_report/points/permissions.py": 60,
        "grid_report/points/ledger/holds.py": 60,
        "grid_report/points/ledger/models.py": 60,
        "grid_report/points/ledger/pools.py": 3,
        "grid_report/clock.py": 60,
    }.items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("".join(f"A{at} = {at + 5}\n" for at in range(lines)))
    return tmp_path


def test_a_sample_is_even_and_the_same_for_a_seed(town: Path) -> None:
    drawn = selecting.sample(town, count=60, seed=1)
    counts = Counter(it.path for it in drawn.mutants)
    assert counts["grid_report/points/ledger/pools.py"] == 3
    assert "grid_report/points/ledger/models.py" not in counts
    others = [count for path, count in counts.items() if "pools" not in path]
    assert len(others) == 3
    assert max(others) - min(others) <= 3
    keys = [it.key for it in drawn.mutants]
    assert len(set(keys)) == 60
    assert [it.key for it in selecting.sample(town, count=60, seed=1).mutants] == keys
    assert [it.key for it in selecting.sample(town, count=60, seed=2).mutants] != keys
    assert "grid_report/access/*.py" in drawn.absent
    only = selecting.sample(town, count=60, seed=1, only=["ledger"])
    assert {it.path.split("/")[1] for it in only.mutants} == {"points"}


def test_tests_of_the_same_room_come_first_and_quick_ones_before_slow_ones() -> None:
    tests = selecting.Tests.__new__(selecting.Tests)
    near = "tests/points/ledger/test_holds.py::test_a"
    tests.seconds = {"tests/api/test_x.py::test_b": 0.1, near: 3.0, f"{near}b": 1.0}
    tests.lines = {}
    ranked = tests.ranked("grid_report/points/ledger/holds.py", [*tests.seconds, "gone::test"])
    assert ranked == [f"{near}b", near, "tests/api/test_x.py::test_b"]


def test_the_second_of_one_way_waits_for_those_that_go_another() -> None:
    tests = selecting.Tests.__new__(selecting.Tests)
    path, file = "grid_report/points/ledger/holds.py", "tests/points/ledger/test_holds.py"
    quick, same, other, far = f"{file}::a", f"{file}::b", f"{file}::c", "tests/api/test_x.py::d"
    tests.seconds = {quick: 0.1, same: 0.5, other: 0.9, far: 0.1}
    tests.lines = {path: {1: {quick, same, other, far}, 2: {other}}}
    assert tests.ranked(path, tests.seconds) == [quick, other, same, far]
    mutant = next(iter(operators.mutants(path, "A = 5")))
    # The likely ones first; of the time that is left half goes to the nearest.
    assert tests.stages(mutant, first_s=0.5, all_s=1.6) == [[quick], [other, same, far]]
    assert tests.stages(mutant, first_s=0.5, all_s=1.0) == [[quick], [other]]


def test_a_table_is_looked_at_by_the_tests_of_its_room_or_of_the_one_around_it() -> None:
    tests = selecting.Tests.__new__(selecting.Tests)
    inner, outer = "tests/points/ledger/test_a.py::a", "tests/points/test_b.py::b"
    tests.seconds = dict.fromkeys((inner, outer, "tests/test_c.py::c"), 0.1)
    assert tests.beside("grid_report/points/ledger/holds.py") == {inner}
    assert tests.beside("grid_report/points/tariff/rules.py") == {outer}
    assert tests.beside("grid_report/points/rates.py") == {inner, outer}


class Item:
    def __init__(self, nodeid: str) -> None:
        self.nodeid = nodeid


def test_only_the_chosen_tests_run_file_by_file_in_their_order() -> None:
    chosen = Chosen(["b.py::t2", "a.py::t1", "b.py::t1"])
    items = [Item(it) for it in ("a.py::t1", "a.py::t9", "b.py::t1", "b.py::t2")]
    chosen.pytest_collection_modifyitems(items)
    assert [it.nodeid for it in items] == ["b.py::t2", "b.py::t1", "a.py::t1"]


def test_what_is_named_by_its_key_is_drawn_and_nothing_else(town: Path) -> None:
    every = selecting.sample(town, count=1000, seed=1).mutants
    wanted = [every[3].key, every[-3].key]
    drawn = selecting.sample(town, count=1, seed=1, keys=[*wanted, "0123456789abcdef"])
    assert sorted(it.key for it in drawn.mutants) == sorted(wanted)


@pytest.mark.parametrize(("least", "fails"), [(0, 0), (75, 0), (75.1, 1)])
def test_a_run_fails_where_fewer_were_killed_than_asked_for(
    town: Path, capsys: pytest.CaptureFixture[str], least: float, fails: int
) -> None:
    drawn = selecting.sample(town, count=5, seed=1)
    states = ("killed", "timeout", "survived", "killed")
    # The fifth never ran: it is no witness either way.
    known = {
        it.key: {"key": it.key, "state": state, "path": it.path, "line": 1, "where": "",
                 "kind": "constant", "before": "1", "after": "0"}
        for it, state in zip(drawn.mutants, states, strict=False)
    }  # fmt: skip
    assert report(drawn, known, least=least) == fails
    assert "4 of 5 mutants ran, 3 killed: 75.0 %" in capsys.readouterr().out


def test_whatever_may_survive_is_a_fault_of_today_and_has_a_reason() -> None:
    told = [it.split() for it in ACCEPTED.read_text(encoding="utf-8").splitlines() if it[:1] != "#"]
    for path in {path for _, path, *_ in told}:
        source = (ROOT / "grid_report" / path).read_text(encoding="utf-8")
        keys = {it.key for it in operators.mutants(f"grid_report/{path}", source)}
        gone = {key for key, where, *_ in told if where == path} - keys
        assert not gone, f"no mutant of {path} any more: {gone}"
    assert len(accepted()) == len(told)
    assert all(len(reason) > 20 for reason in accepted().values())
