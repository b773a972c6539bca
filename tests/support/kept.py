"""What is the same for the app of every test, kept by the worker: pages, addresses, statements.

Each test makes an app of its own, as it must; but compiling a page takes twenty milliseconds, the
addresses of all routes thirty and every statement one, and a thousand apps would come to the same
result. Nothing of a test is kept: only code, found again by everything it was made from.
"""

from __future__ import annotations

from types import MethodType
from typing import Any

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Engine
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

from grid_report.web.pages.compiling import PageEnvironment

BUILDERS = ("_build", "_build_unknown")


class KeptPages(BytecodeCache):
    """Compiled templates, by their text and what they were compiled for."""

    def __init__(self) -> None:
        self.code: dict[tuple[object, str, str], Any] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Take the code that is kept, if any."""
        bucket.code = self.code.get(self._key(bucket))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep code just compiled."""
        self.code[self._key(bucket)] = bucket.code

    @staticmethod
    def _key(bucket: Bucket) -> tuple[object, str, str]:
        assert isinstance(bucket.environment, PageEnvironment)
        return bucket.environment.known, bucket.key, bucket.checksum


def keep_addresses() -> None:
    """Let each rule be read, and its builders be compiled, once a worker: they depend on it alone.

    Werkzeug does it for every route of every app, which took a third of the time of small tests.
    """
    compiled = Rule.compile
    kept: dict[tuple[object, ...], dict[str, Any]] = {}

    def compile_once(rule: Rule) -> None:
        if rule.defaults:
            compiled(rule)
            return
        key = rule.rule, rule.subdomain, rule.host, rule.merge_slashes
        if key not in kept:
            compiled(rule)
            kept[key] = {
                name: vars(rule)[name] for name in ("_parts", "_trace", "_converters", "arguments")
            } | {name: vars(rule)[name].__func__ for name in BUILDERS}
            return
        for name, value in kept[key].items():
            setattr(rule, name, MethodType(value, rule) if name in BUILDERS else value)

    Rule.compile = compile_once  # type: ignore[method-assign,assignment]


STATEMENTS: LRUCache[Any, Any] = LRUCache(5000)


def keep_statements(engine: Engine) -> None:
    """Let an engine use the statements compiled for another of the same kind.

    They are kept by their dialect, of which every engine has one of its own, all alike.
    """
    kind = type(engine.dialect)
    kind.__eq__ = lambda self, other: type(self) is type(other)  # type: ignore[method-assign]
    kind.__hash__ = lambda self: hash(type(self))  # type: ignore[method-assign]
    engine.update_execution_options(compiled_cache=STATEMENTS)
