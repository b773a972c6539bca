"""Templates, compiled for one language, one place the site is mounted at and one browser build.

Sentences, icons and addresses without values are then known when a template is compiled, and are
put in there and then: asked for each time a page is made, they cost more than the rows of a list.
Catalogues are read once a process in any case; whoever changes one starts the site anew.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping, MutableMapping
from types import BuiltinFunctionType, FunctionType
from typing import Any, Final

import jinja2.compiler
from babel import support
from flask import request
from flask.templating import Environment
from jinja2 import Template, nodes
from jinja2.runtime import Context, Macro
from jinja2.visitor import NodeTransformer
from markupsafe import Markup, escape
from markupsafe import _escape_inner as escaped_text  # type: ignore[attr-defined]

from grid_report.web.context import language
from grid_report.web.pages import assets

# Two languages, before and after a build; a server may be reached by more than one path.
MOST_ENVIRONMENTS: Final = 8
# What a sentence may hold beside its words: a named value, or a percent sign.
_HOLE: Final = re.compile(r"%\((\w+)\)s|%%")


def written(value: Any) -> str:
    """Escape a value for a page, as `escape` does.

    A page joins thousands of these, and only its whole has to be marked as safe: making a `Markup`
    of each costs four times the escaping.
    """
    kind = type(value)
    if kind is Markup:
        return value  # type: ignore[no-any-return]
    if kind is str:
        return escaped_text(value)
    if kind is int:
        return str(value)
    return escape(value)


class PageContext(Context):
    """A context that calls macros and functions without looking first what else they could be."""

    def call(__self, __obj: Any, *args: Any, **kwargs: Any) -> Any:
        """Call what is called most straight away, everything else as Jinja does."""
        kind = type(__obj)
        if kind is Macro:
            args = (__self.eval_ctx, *args)
        elif kind is not BuiltinFunctionType and (kind is not FunctionType or __obj.__dict__):
            # A function marked as wanting the context has its mark in there.
            return super().call(__obj, *args, **kwargs)
        kwargs.pop("_block_vars", None)
        kwargs.pop("_loop_vars", None)
        return __obj(*args, **kwargs)


class PageCompiler(jinja2.compiler.CodeGenerator):
    """Writes values by `written`, and what a loop makes as one piece.

    Each piece is handed up through every template a page extends: thousands of them cost more than
    the joining.
    """

    def visit_For(self, node: nodes.For, frame: Any) -> None:
        """Collect what a loop writes, unless somebody above it does."""
        if frame.buffer is not None or frame.require_output_check:
            super().visit_For(node, frame)
            return
        self.buffer(frame)
        super().visit_For(node, frame)
        self.writeline(f"yield concat({frame.buffer})")
        frame.buffer = None

    def _output_child_pre(self, node: nodes.Expr, frame: Any, finalize: Any) -> None:
        if frame.eval_ctx.autoescape and not frame.eval_ctx.volatile and finalize.src is None:
            self.write("environment.written(")
        else:
            super()._output_child_pre(node, frame, finalize)


class PageEnvironment(Environment):
    """Flask's environment, which hands out templates compiled for the reader's language."""

    code_generator_class = PageCompiler
    context_class = PageContext
    written = staticmethod(written)
    words: support.Translations
    # What it was compiled for: whoever keeps compiled templates keeps them by this.
    known: tuple[str, str | None, float | None]

    def __init__(self, app: Any, **options: Any) -> None:
        super().__init__(app, **options)
        self.made: dict[tuple[str, str | None, float | None], PageEnvironment] = {}
        self.making = threading.Lock()
        self.compiling = threading.RLock()

    def known_here(self) -> PageEnvironment:
        """Return the environment for what this request knows before any template is looked at.

        That is the language, where the site is mounted, and which browser files were built: a new
        build has another stamp, and so another environment.
        """
        known = language(), request.script_root if request else None, assets.stamp()
        return self.made.get(known) or self._made_for(known)

    def _made_for(self, known: tuple[str, str | None, float | None]) -> PageEnvironment:
        # One thread makes it, the others wait; nobody is shown it before it is whole.
        with self.making:
            found = self.made.get(known)
            if found is None:
                found = self.overlay()
                found.known = known
                found.words = self.app.extensions["grid_report_words"].spoken_in(known[0])
                kept = self.made if len(self.made) < MOST_ENVIRONMENTS else {}
                # Another dictionary instead of a change in this one: it is read without the lock.
                self.made = {**kept, known: found}
            return found

    def _load_template(
        self,
        name: str,
        globals: MutableMapping[str, Any] | None,  # noqa: A002 – Jinja's own name
    ) -> Template:
        if not self.overlayed:
            return self.known_here()._load_template(name, globals)
        # A template is compiled once: as often as there are threads would take as much memory.
        with self.compiling:
            return super()._load_template(name, globals)

    def _generate(self, source: nodes.Template, name: str | None, *args: Any, **more: Any) -> str:
        if self.overlayed:
            escapes = self.autoescape(name) if callable(self.autoescape) else self.autoescape
            kind = Markup if escapes else str
            source = Foreknowing(self.words, kind, self.globals).visit(source)
        return super()._generate(source, name, *args, **more)


class Foreknowing(NodeTransformer):
    """Puts the answers where a template asks for what is known when it is compiled."""

    def __init__(
        self, words: support.Translations, kind: type[str], functions: Mapping[str, Any]
    ) -> None:
        self.words = words
        self.kind = kind
        self.functions = functions

    def visit_Call(self, node: nodes.Call) -> nodes.Node:
        """Replace sentences, icons, and addresses without values of the moment."""
        self.generic_visit(node)
        if (
            not isinstance(node.node, nodes.Name)
            or node.dyn_args is not None
            or node.dyn_kwargs is not None
            or not all(isinstance(value, nodes.Const) for value in node.args)
        ):
            return node
        if node.node.name == "_" and len(node.args) == 1:
            return self._sentence(node)
        if (
            node.node.name in ("url_for", "asset", "icon")
            and request
            and all(isinstance(pair.value, nodes.Const) for pair in node.kwargs)
        ):
            given = [value.value for value in node.args if isinstance(value, nodes.Const)]
            named = {pair.key: pair.value.value for pair in node.kwargs}  # type: ignore[attr-defined]
            # `.index` means another page in each room, `_external` another host.
            if not str(*given[:1]).startswith(".") and not any(k.startswith("_") for k in named):
                return nodes.Const(self.functions[node.node.name](*given, **named))
        return node

    def _sentence(self, node: nodes.Call) -> nodes.Node:
        """Return a sentence; one with values in it as its pieces joined."""
        assert isinstance(node.args[0], nodes.Const)
        values = {pair.key: pair.value for pair in node.kwargs}
        pieces: list[nodes.Expr] = []
        for words, name in _split(self.words.ugettext(node.args[0].value)):
            if words:
                pieces.append(nodes.Const(self.kind(words)))
            if name is not None and name not in values:
                return node
            if name is not None:
                pieces.append(values[name])
        if all(isinstance(piece, nodes.Const) for piece in pieces):
            whole = self.kind().join(piece.value for piece in pieces)  # type: ignore[attr-defined]
            return nodes.Const(whole, lineno=node.lineno)
        return nodes.Concat(pieces, lineno=node.lineno)

    def visit_Output(self, node: nodes.Output) -> nodes.Node:
        """Write the pieces of a sentence one after the other instead of joining them first."""
        self.generic_visit(node)
        node.nodes = [
            piece
            for child in node.nodes
            for piece in (child.nodes if isinstance(child, nodes.Concat) else [child])
        ]
        return node


def _split(sentence: str) -> Iterator[tuple[str, str | None]]:
    """Yield the words before each value and the value's name; the last one has none."""
    words, at = "", 0
    for hole in _HOLE.finditer(sentence):
        words += sentence[at : hole.start()]
        at = hole.end()
        if hole[1] is None:
            words += "%"
        else:
            yield words, hole[1]
            words = ""
    yield words + sentence[at:], None
