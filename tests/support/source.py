"""The package's own source, read and not run: modules, what they import, what kind they are."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGE = ROOT / "grid_report"


@dataclass(frozen=True)
class Import:
    """One imported name: `module` says from where, `name` what (None for a whole module)."""

    module: str
    name: str | None
    line: int


@dataclass(frozen=True)
class Module:
    """One file of the package under its dotted name without `grid_report.`."""

    name: str
    path: Path
    tree: ast.Module
    imports: tuple[Import, ...] = field(repr=False)

    @property
    def room(self) -> str:
        """The domain, or the module itself when it lies at the top of the package."""
        return self.name.split(".", maxsplit=1)[0]

    @property
    def at(self) -> str:
        return self.path.relative_to(ROOT).as_posix()


@cache
def modules() -> dict[str, Module]:
    """Return every module of the package by name; the package itself is ''."""
    paths = {_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}
    found = {}
    for name, path in paths.items():
        tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
        found[name] = Module(name, path, tree, tuple(_imports(tree, paths)))
    return found


def _name(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports(tree: ast.Module, known: dict[str, Path]) -> Iterator[Import]:
    """Yield what a file imports, wherever in it; own modules without `grid_report.`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(_own(alias.name), None, node.lineno)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = _own(f"{node.module}.{alias.name}")
                if node.module.startswith("grid_report") and inner in known:
                    yield Import(inner, None, node.lineno)
                else:
                    yield Import(_own(node.module), alias.name, node.lineno)


def _own(name: str) -> str:
    return "" if name == "grid_report" else name.removeprefix("grid_report.")


def texts(module: Module) -> Iterator[ast.Constant]:
    """Yield every string of a module that is no docstring."""
    docstrings = set()
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                docstrings.add(id(first.value))
    for node in ast.walk(module.tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in docstrings
        ):
            yield node


def functions(module: Module) -> Iterator[ast.FunctionDef]:
    """Yield the functions and methods of a module."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef):
            yield node


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    """Yield every call below a node."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node


def dotted(node: ast.AST) -> str:
    """Write a name the way it stands in the source: `clock.now`; '' for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = dotted(node.value)
        return f"{before}.{node.attr}" if before else f".{node.attr}"
    return ""
