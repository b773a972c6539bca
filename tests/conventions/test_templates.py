"""What every template keeps to: used by somebody, no inline script or style, no bare words."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import jinja2
import pytest
from jinja2 import meta, nodes

from tests.support.source import ROOT, calls, dotted, modules, texts

TEMPLATES = ROOT / "templates"
LONGEST = 400
# Signs and names that read the same in both languages.
SAME_EVERYWHERE = {"MB", "JPEG", "PNG", "WebP", "HEIC", "GeoJSON", "GPS", "km", "EN", "中文", "WGS"}
WORD = re.compile(r"[A-Za-z]{2,}|[\u3400-\u9fff]+")
# A macro may write attributes for somebody else's tag.
ATTRIBUTE = re.compile(r"[\w-]+=\"[^\"]*\"")
# An expression in the middle of markup: its words were looked at where they come from.
GAP = "\ufffc"
SPOKEN_ATTRIBUTES = {"title", "alt", "placeholder", "aria-label", "aria-description", "summary"}
SPOKEN_ARGUMENTS = {
    "label", "title", "words", "hint", "legend", "placeholder", "alt", "caption", "blank",
    "action_label",
}  # fmt: skip


@cache
def environment() -> jinja2.Environment:
    return jinja2.Environment(
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=True,
    )


def names() -> list[str]:
    paths = [*TEMPLATES.rglob("*.html"), *TEMPLATES.rglob("*.txt")]
    return sorted(path.relative_to(TEMPLATES).as_posix() for path in paths)


PAGES = [name for name in names() if name.endswith(".html")]


@cache
def tree(name: str) -> nodes.Template:
    return environment().parse((TEMPLATES / name).read_text(encoding="utf-8"), name)


@cache
def referenced() -> set[str]:
    """Return every template that is rendered, included, imported or extended somewhere."""
    found = {
        other for name in names() for other in meta.find_referenced_templates(tree(name)) if other
    }
    for module in modules().values():
        found |= {text.value for text in texts(module) if isinstance(text.value, str)}
        for call in calls(module.tree):
            # `sentence("errors", code)` and `say("ready")` name the file without its folder.
            function = dotted(call.func).rpartition(".")[2]
            first = call.args[0] if call.args else None
            if function == "sentence" and isinstance(first, ast.Constant):
                found.add(f"words/{first.value!s}.txt")
    return found


def test_every_template_is_used() -> None:
    assert not set(names()) - referenced()


def test_every_template_that_is_asked_for_exists() -> None:
    asked = {name for name in referenced() if re.fullmatch(r"[\w/]+\.(html|txt)", name)}
    assert not asked - set(names())


def markup(name: str) -> str:
    """Return a template's own text in order, with a gap for each expression."""
    parts: list[str] = []
    classes = {
        id(inner)
        for block in tree(name).find_all(nodes.Block)
        if block.name.endswith("_class")
        for inner in block.find_all((nodes.TemplateData, nodes.Output))
    }
    for node in tree(name).find_all((nodes.TemplateData, nodes.Output)):
        if id(node) in classes:
            continue
        if isinstance(node, nodes.Output):
            parts += [GAP if not isinstance(n, nodes.TemplateData) else "" for n in node.nodes]
        else:
            assert isinstance(node, nodes.TemplateData)
            parts.append(node.data)
    return "".join(parts)


class Reader(HTMLParser):
    """Collects what a person would read, and what the content policy would refuse."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.inline: list[str] = []
        self.on_a_key = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.on_a_key = tag == "kbd"
        if tag == "script" and "src" not in given:
            self.inline.append("<script> without src")
        if tag == "style":
            self.inline.append("<style>")
        self.inline += [
            f"<{tag} {name}>" for name in given if name == "style" or re.match(r"on[a-z]+$", name)
        ]
        self.words += [str(given[name]) for name in SPOKEN_ATTRIBUTES & given.keys()]
        if tag == "input" and given.get("type") in ("submit", "button"):
            self.words.append(str(given.get("value")))

    def handle_data(self, data: str) -> None:
        # What is printed on a key is the same in every language.
        if not self.on_a_key:
            self.words.append(data)

    def handle_endtag(self, tag: str) -> None:
        self.on_a_key = False


def read(name: str) -> Reader:
    reader = Reader()
    reader.feed(markup(name))
    reader.close()
    return reader


def bare(text: str) -> Iterator[str]:
    for word in WORD.findall(ATTRIBUTE.sub("", text)):
        if word not in SAME_EVERYWHERE:
            yield word


@pytest.mark.parametrize("name", PAGES)
def test_no_inline_script_or_style(name: str) -> None:
    assert not read(name).inline


@pytest.mark.parametrize("name", names())
def test_no_bare_words(name: str) -> None:
    spoken = read(name).words if name in PAGES else [markup(name)]
    assert not [word for text in spoken for word in bare(text)]


@pytest.mark.parametrize("name", names())
def test_no_bare_words_as_arguments(name: str) -> None:
    found = [
        keyword.value.value
        for call in tree(name).find_all(nodes.Call)
        for keyword in call.kwargs
        if keyword.key in SPOKEN_ARGUMENTS
        and isinstance(keyword.value, nodes.Const)
        and isinstance(keyword.value.value, str)
        and list(bare(keyword.value.value))
    ]
    assert not found


def test_the_check_for_bare_words_sees_them() -> None:
    reader = Reader()
    reader.feed('<p title="Hello">Some <b>words</b></p><a onclick="x()" style="y">')
    assert [word for text in reader.words for word in bare(text)] == ["Hello", "Some", "words"]
    assert reader.inline == ["<a onclick>", "<a style>"]


# Chinese outside the catalogues, each with its reason.
CHINESE_IN_PYTHON = {
    "cli": "the product's name in --help",
    "languages": "how Chinese writes a month and a day, and its own name",
    "web.http.problems": "what is left to say when the error page itself fails",
}


def test_no_chinese_in_python() -> None:
    found = {
        module.name
        for module in modules().values()
        if module.room != "demo"
        and re.search(r"[\u3400-\u9fff]", module.path.read_text(encoding="utf-8"))
    }
    assert found == set(CHINESE_IN_PYTHON)


def long_files() -> dict[str, int]:
    folders = ("grid_report", "tests", "templates", "tools")
    endings = {".py", ".html", ".txt", ".css", ".mjs", ".js"}
    found = {}
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*")):
            inside = Path(path).relative_to(ROOT)
            if path.suffix in endings and "build" not in inside.parts and path.is_file():
                lines = path.read_text(encoding="utf-8").count("\n")
                if lines > LONGEST:
                    found[inside.as_posix()] = lines
    return found


def test_no_file_is_too_long() -> None:
    assert long_files() == {}
