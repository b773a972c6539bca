"""The faults: what may be changed in a file, one small change a mutant."""

from __future__ import annotations

import ast
import copy
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
COMPUTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
# What is said to a log, and what states an invariant, is no behaviour.
SILENT = ("logger.", "log.", "warnings.")

Option = tuple[str, ast.AST]
Entry = TypeVar("Entry")


@dataclass(frozen=True)
class Mutant:
    """One change of one file: where it is, what it is, and the tree with it."""

    path: str
    number: int
    line: int
    lines: tuple[int, int]
    at_import: bool
    where: str
    kind: str
    before: str
    after: str
    nth: int

    @property
    def key(self) -> str:
        """Name the mutant so that it is found again when lines have moved."""
        said = "\0".join((self.path, self.where, self.kind, self.before, self.after, str(self.nth)))
        return hashlib.sha256(said.encode()).hexdigest()[:16]


class _Walker:
    """Visits what may be changed, in one order; changes the nth of it when asked to."""

    def __init__(self, wanted: int | None = None) -> None:
        self.wanted = wanted
        self.count = 0
        self.found: list[tuple[ast.AST, ast.AST, ast.stmt | None, list[str], bool, str]] = []
        self.statement: ast.stmt | None = None
        self.names: list[str] = []
        self.depth = 0
        self.at_default = False

    def walk(self, node: ast.AST) -> ast.AST:
        """Return the node, or what takes its place."""
        if isinstance(node, ast.stmt):
            if _is_silent(node):
                return node
            outer, self.statement = self.statement, node
        for kind, other in _options(node, module_level=self.depth == 0):
            if self.count == self.wanted:
                self.count += 1
                return ast.copy_location(other, node)
            self.count += 1
            if self.wanted is None:
                early = self.depth == 0 or self.at_default
                label = "default" if self.at_default else kind
                self.found.append((node, other, self.statement, [*self.names], early, label))
        self._into(node)
        if isinstance(node, ast.stmt):
            self.statement = outer
        return node

    def _into(self, node: ast.AST) -> None:
        is_function = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        is_named = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
        if is_named:
            self.names.append(getattr(node, "name", ""))
        for field, value in ast.iter_fields(node):
            if field in ("annotation", "returns", "decorator_list", "type_params"):
                continue
            if isinstance(node, ast.ClassDef) and field in ("bases", "keywords"):
                continue
            if isinstance(node, ast.Subscript) and field == "slice" and self.depth == 0:
                continue  # a type
            if isinstance(node, ast.Dict) and field == "keys" and self.depth == 0:
                continue
            inside = is_function and field == "body"
            default = isinstance(node, ast.arguments) and field in ("defaults", "kw_defaults")
            self.depth += inside
            before, self.at_default = self.at_default, default or (self.at_default and not inside)
            if isinstance(value, list):
                value[:] = [self.walk(it) if isinstance(it, ast.AST) else it for it in value]
            elif isinstance(value, ast.AST):
                setattr(node, field, self.walk(value))
            self.at_default = before
            self.depth -= inside
        if is_named:
            self.names.pop()


def mutants(path: str, source: str) -> list[Mutant]:
    """List every mutant of a file."""
    walker = _Walker()
    walker.walk(ast.parse(source))
    made: list[Mutant] = []
    seen: dict[tuple[str, str, str, str], int] = {}
    for number, (node, other, statement, names, early, kind) in enumerate(walker.found):
        shown = statement if statement is not None else node
        line = getattr(node, "lineno", getattr(shown, "lineno", 1))
        before, after = _shown(node), _shown(other)
        where = ".".join(names)
        nth = seen[where, kind, before, after] = seen.get((where, kind, before, after), -1) + 1
        made.append(
            Mutant(path, number, line, _lines(shown), early, where, kind, before, after, nth)
        )
    return made


def mutated(source: str, number: int | None) -> ast.Module:
    """Return the tree of a file with its nth change; None: as it is, the same way."""
    tree = ast.parse(source)
    if number is not None:
        walker = _Walker(number)
        changed = walker.walk(tree)
        assert walker.count > number
        assert isinstance(changed, ast.Module)
    return ast.fix_missing_locations(tree)


def _shown(node: ast.AST) -> str:
    """Write a node on one line, short of what a table holds besides."""
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 160 else f"{text[:157]}..."


def _lines(node: ast.AST) -> tuple[int, int]:
    """Return first and last line of a statement, of compound ones of the head alone."""
    first = getattr(node, "lineno", 1)
    body = getattr(node, "body", None)
    if isinstance(body, list) and body:
        return first, max(first, body[0].lineno - 1)
    return first, getattr(node, "end_lineno", None) or first


def _is_silent(node: ast.stmt) -> bool:
    if isinstance(node, (ast.Assert, ast.Import, ast.ImportFrom)):
        return True
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
        return True
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant) or ast.unparse(node).startswith(SILENT)
    if isinstance(node, ast.Assign):
        return any(isinstance(it, ast.Name) and it.id.startswith("__") for it in node.targets)
    return False


def _options(node: ast.AST, *, module_level: bool) -> Iterator[Option]:
    """Say what may take the place of one node."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        flipped = COMPARED.get(type(node.ops[0]))
        if flipped:
            yield "comparison", ast.Compare(node.left, [flipped()], node.comparators)
    elif isinstance(node, ast.BoolOp):
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield "boolean", ast.BoolOp(other, node.values)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "not removed", node.operand
    elif isinstance(node, ast.IfExp):
        yield "not added", ast.IfExp(ast.UnaryOp(ast.Not(), node.test), node.body, node.orelse)
    elif isinstance(node, ast.BinOp) and type(node.op) in COMPUTED:
        yield "arithmetic", ast.BinOp(node.left, COMPUTED[type(node.op)](), node.right)
    elif isinstance(node, ast.AugAssign) and type(node.op) in COMPUTED:
        yield "arithmetic", ast.AugAssign(node.target, COMPUTED[type(node.op)](), node.value)
        yield "statement removed", ast.Pass()
    elif isinstance(node, ast.Constant):
        yield from _constants(node)
    elif isinstance(node, ast.comprehension):
        yield from _filters(node)
    elif isinstance(node, (ast.Set, ast.Dict)) or (
        module_level and isinstance(node, (ast.Tuple, ast.List)) and isinstance(node.ctx, ast.Load)
    ):
        yield from _tables(node)
    elif isinstance(node, ast.stmt):
        yield from _statements(node)


def _statements(node: ast.stmt) -> Iterator[Option]:
    if isinstance(node, ast.If):
        for value in (True, False):
            changed = copy.copy(node)
            changed.test = ast.copy_location(ast.Constant(value), node.test)
            yield f"if {value}", changed
    elif isinstance(node, ast.Return):
        if node.value is not None and not isinstance(node.value, ast.Constant):
            yield "return None", ast.Return(ast.Constant(None))
    elif isinstance(node, ast.Expr):
        if isinstance(node.value, ast.Call):
            yield "statement removed", ast.Pass()
    elif isinstance(node, ast.Assign) and any(
        isinstance(it, (ast.Attribute, ast.Subscript))
        for target in node.targets
        for it in (target.elts if isinstance(target, ast.Tuple) else [target])
    ):
        yield "statement removed", ast.Pass()


def _constants(node: ast.Constant) -> Iterator[Option]:
    value = node.value
    if isinstance(value, bool):
        yield "constant", ast.Constant(not value)
    elif isinstance(value, (int, float)):
        yield "constant", ast.Constant(0 if value == 1 else value + 1)


def _filters(node: ast.comprehension) -> Iterator[Option]:
    if node.ifs:
        yield (
            "filter removed",
            ast.comprehension(node.target, node.iter, node.ifs[1:], node.is_async),
        )


def _tables(node: ast.AST) -> Iterator[Option]:
    """Leave one entry out: of a long table the first, one in the middle, the last."""
    entries = node.keys if isinstance(node, ast.Dict) else getattr(node, "elts", [])
    if len(entries) < 2:
        return
    for at in sorted({0, len(entries) // 2, len(entries) - 1}):
        if isinstance(node, ast.Dict):
            shorter: ast.AST = ast.Dict(_without(node.keys, at), _without(node.values, at))
        elif isinstance(node, ast.Set):
            shorter = ast.Set(_without(node.elts, at))
        else:
            assert isinstance(node, (ast.Tuple, ast.List))
            shorter = type(node)(_without(node.elts, at), node.ctx)
        yield "entry removed", shorter


def _without(entries: list[Entry], at: int) -> list[Entry]:
    return entries[:at] + entries[at + 1 :]
