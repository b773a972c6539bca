"""What is the same for the app of every test, kept by the worker: pages, addresses, statements.

Each test makes an app of its own, as it must; but compiling a page takes twenty milliseconds, the
addresses of all routes thirty and every statement one, and a thousand apps would come to the same
result. Nothing of a test is kept: only code, found again by everything it was made from.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Engine
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule, rules

from grid_report.web.compiling import PageEnvironment


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


class _KeptParts:
    """The pieces of each rule, found once: Werkzeug's expression takes most of an app's making."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self.match = cache(pattern.match)


def keep_addresses() -> None:
    """Let each rule be read, and its builder be compiled, once a worker: both depend on it alone.

    Werkzeug compiles two builders for every route of every app, and most tests ask for none.
    """
    rules._part_re = _KeptParts(rules._part_re)  # type: ignore[assignment]
    compiled = Rule._compile_builder
    kept: dict[tuple[object, ...], Callable[..., tuple[str, str]]] = {}

    def found_again(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        if rule.defaults:
            return compiled(rule, append_unknown)
        key = rule.rule, tuple(rule._trace), append_unknown
        if key not in kept:
            kept[key] = compiled(rule, append_unknown)
        return kept[key]

    Rule._compile_builder = found_again  # type: ignore[method-assign]


STATEMENTS: LRUCache[Any, Any] = LRUCache(5000)


def keep_statements(engine: Engine) -> None:
    """Let an engine use the statements compiled for another of the same kind.

    They are kept by their dialect, of which every engine has one of its own, all alike.
    """
    kind = type(engine.dialect)
    kind.__eq__ = lambda self, other: type(self) is type(other)  # type: ignore[assignment,method-assign]
    kind.__hash__ = lambda self: hash(type(self))  # type: ignore[assignment,method-assign]
    engine.update_execution_options(compiled_cache=STATEMENTS)
