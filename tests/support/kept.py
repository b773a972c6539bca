"""What is the same for the app of every test, kept by the worker: compiled pages and addresses.

Each test makes an app of its own, as it must; but compiling a page takes twenty milliseconds and
the addresses of all routes thirty, and a thousand apps would come to the same result. Nothing of
a test is kept: only code, found again by everything it was made from.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from werkzeug.routing import Rule

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


def keep_addresses() -> None:
    """Let each rule's builder, a function of nothing but the rule, be compiled once a worker.

    Werkzeug compiles two for every route of every app, and most tests ask for none of them.
    """
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
