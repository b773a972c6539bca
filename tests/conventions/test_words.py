"""Every sentence is in both catalogues, and every code a person may meet has its sentence."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po
from jinja2 import nodes

from grid_report.errors import GridReportError, Invalid
from grid_report.reports.lifecycle import MOVES, STEPS_THAT_MOVE, Need, Step
from grid_report.web.http.problems import HTTP_CODES
from grid_report.web.pages.translations import Words
from tests.conventions.test_templates import tree
from tests.support.source import ROOT, calls, dotted, modules
from tools import words

# Named otherwise than after their field, see `reports/casework/effect_steps.py`.
NEEDS_WITH_A_NAME_OF_THEIR_OWN = {
    Need.WORDS_OR_PHOTOS: "words-or-photo-needed",
    Need.PHOTOS: "after-photo-needed",
}
# Raised by nothing yet: it comes with redemptions.
WITHOUT_WORDS_TODAY: set[str] = set()
# Nobody is told about these by a button of their own.
QUIET_STEPS = {Step.LEAD, Step.SUBMIT, Step.RATE}


def test_every_sentence_is_in_both_languages() -> None:
    assert words.faults() == []


def test_the_check_sees_what_is_wrong(tmp_path: Path) -> None:
    templates, translations = tmp_path / "templates", tmp_path / "translations"
    templates.mkdir()
    (templates / "page.html").write_text(
        '{{ _("Known") }}{{ _("Missing") }}{% trans n=1 %}{{ n }} left{% endtrans %}'
    )
    catalogue = Catalog(locale="zh_CN")
    catalogue.add("Known", "知道")
    catalogue.add("Old", "x")
    catalogue.add("%(n)s left", "%(m)s")
    file = translations / "zh_CN" / "LC_MESSAGES" / "messages.po"
    file.parent.mkdir(parents=True)
    with file.open("wb") as stream:
        write_po(stream, catalogue)
    assert words.faults(templates, translations) == [
        "zh_CN: a placeholder is lost: %(n)s left",
        "zh_CN: no translation: Missing (templates/page.html)",
        "zh_CN: placeholders differ: %(n)s left",
        "zh_CN: used nowhere: Old",
    ]


def test_english_has_no_catalogue_and_says_what_the_templates_hold() -> None:
    assert [language for language, _ in words.catalogue_files()] == ["zh_CN"]
    english = Words.spoken_in("en")
    assert english.gettext("Sign in") == "Sign in"
    assert [english.ngettext("one", "more", n) for n in (0, 1, 2)] == ["more", "one", "more"]


@cache
def macros(file: str) -> dict[str, tuple[set[str], set[str]]]:
    """Return each macro of a file of sentences with its arguments: all, and those it needs."""
    found = {}
    for macro in tree(f"words/{file}.txt").find_all(nodes.Macro):
        names = [argument.name for argument in macro.args]
        found[macro.name] = set(names), set(names[: len(names) - len(macro.defaults)])
    return found


def misfits(file: str, code: str, facts: set[str] | None) -> str:
    """Say what is wrong with the sentence of a code; '' when nothing is. None: facts unknown."""
    macro = macros(file).get(code.replace("-", "_"))
    if macro is None:
        return f"{code}: no macro in words/{file}.txt"
    known, needed = macro
    if facts is not None and not needed <= facts <= known:
        return f"{code}: the macro takes {sorted(known)}, it gets {sorted(facts)}"
    return ""


def kinds_of_error(kind: type[GridReportError]) -> Iterator[type[GridReportError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from kinds_of_error(below)


def test_every_error_has_a_sentence() -> None:
    for name in modules():
        if name and not name.endswith("__main__"):
            importlib.import_module(f"grid_report.{name}")
    found = []
    for kind in set(kinds_of_error(GridReportError)):
        if kind.code in WITHOUT_WORDS_TODAY:
            continue
        is_family = "code" not in vars(kind) and kind.__subclasses__()
        if is_family or not kind.__module__.startswith("grid_report"):
            continue
        shape: type[Any] = kind
        has_facts = is_dataclass(shape) and not issubclass(shape, Invalid)
        told = {field.name for field in fields(shape)} if has_facts else set()
        found.append(misfits("errors", kind.code, told))
    assert not [fault for fault in found if fault]


def test_every_http_refusal_has_a_sentence() -> None:
    codes = {*HTTP_CODES.values(), *(f"title-{status}" for status in HTTP_CODES)}
    codes |= {f"title-{status}" for status in (409, 422, 429)}
    assert not [fault for code in codes if (fault := misfits("errors", code, None))]


def problems() -> Iterator[tuple[str, str, set[str] | None]]:
    """Yield where, code and facts of every problem a field can have."""
    for module in modules().values():
        for call in calls(module.tree):
            name = dotted(call.func).rpartition(".")[2]
            at = 0 if name == "FieldProblem" else 1
            if name not in ("field", "add", "FieldProblem") or len(call.args) <= at:
                continue
            code = call.args[at]
            if not isinstance(code, ast.Constant) or not isinstance(code.value, str):
                continue
            facts = {keyword.arg for keyword in call.keywords}
            where = f"{module.at}:{call.lineno}"
            known = None if None in facts or at == 0 else {str(fact) for fact in facts}
            yield where, code.value, known


def test_every_problem_of_a_field_has_a_sentence() -> None:
    found = [
        f"{where}: {fault}"
        for where, code, facts in problems()
        if (fault := misfits("errors", code, facts))
    ]
    assert not found
    assert len(list(problems())) > 50


def test_every_need_of_a_step_has_a_sentence() -> None:
    needs = {need for move in MOVES.values() for need in move.needs}
    codes = [
        NEEDS_WITH_A_NAME_OF_THEIR_OWN.get(need, f"{need.value.replace('_', '-')}-needed")
        for need in needs
    ]
    assert not [fault for code in codes if (fault := misfits("errors", code, set()))]


def test_everything_said_has_a_sentence() -> None:
    found = []
    for module in modules().values():
        for call in calls(module.tree):
            if dotted(call.func).rpartition(".")[2] != "said" or not call.args:
                continue
            if isinstance(call.args[0], ast.Constant):
                facts = {str(keyword.arg) for keyword in call.keywords}
                found.append(misfits("said", str(call.args[0].value), facts))
    assert not [fault for fault in found if fault]
    assert len(found) > 10


@pytest.mark.parametrize("step", sorted(Step))
def test_every_step_has_words(step: Step) -> None:
    if step not in QUIET_STEPS:
        assert not misfits("said", f"step-{step.value}", {"number"})
    labels = {
        macro.name: {
            compared.ops[0].expr.value
            for compared in macro.find_all(nodes.Compare)
            if isinstance(compared.ops[0].expr, nodes.Const)
        }
        for macro in tree("components/labels.html").find_all(nodes.Macro)
    }
    assert step.value in labels["step"]
    assert step.value in labels["step_taken"]


def test_every_step_that_moves_is_told_of() -> None:
    # Nobody asks for a case to be led on: it is a consequence, told of by messages only.
    assert {Step.LEAD} == STEPS_THAT_MOVE & QUIET_STEPS


# Short enough to mean two things, and translated as one of them: only where that is what is meant.
OF_ONE_MEANING = {
    "About": {"words/exports.txt"},
    "Put on hold": {"components/labels.html"},
    "Times": {"reports/show.html", "unit/show.html"},
    "What": {"admin/boundaries/boundaries_preview.html"},
    "Who": {"statistics/deliveries.html"},
    "since": {"accounts/me.html"},
}


@cache
def used() -> dict[words.Id, set[str]]:
    """Return the templates of each sentence."""
    return words.used()


@pytest.mark.parametrize("message", sorted(OF_ONE_MEANING))
def test_a_short_word_of_several_meanings_stays_where_it_has_one(message: str) -> None:
    at = {path.removeprefix("templates/") for path in used().get(message, set())}
    assert at == OF_ONE_MEANING[message]


def test_the_site_speaks_to_everybody_the_same_way() -> None:
    """One 你 for all: 您 here and there reads like two authors."""
    text = (
        ROOT / "grid_report" / "translations" / "zh_CN" / "LC_MESSAGES" / "messages.po"
    ).read_text(encoding="utf-8")
    assert "您" not in text
