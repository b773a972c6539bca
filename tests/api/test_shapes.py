"""What every shape of the API keeps to: instants in UTC, nothing optional as null."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, get_args
from zoneinfo import ZoneInfo

from pydantic.fields import FieldInfo

from grid_report.api import contract
from grid_report.web.api.shapes import Answer, IfAny, Instant
from tests.support.source import modules


def shapes(of: type[Answer] = Answer) -> Iterator[type[Answer]]:
    for shape in of.__subclasses__():
        if shape.__module__.startswith("grid_report."):
            yield shape
            yield from shapes(shape)


def fields() -> dict[str, FieldInfo]:
    return {
        f"{shape.__module__.rpartition('.')[2]}.{shape.__name__}.{name}": field
        for shape in shapes()
        for name, field in shape.model_fields.items()
    }


def kinds_in(annotation: Any) -> Iterator[Any]:
    yield annotation
    for inner in get_args(annotation):
        yield from kinds_in(inner)


class Said(Answer):
    at: Instant
    until: Instant | None
    more: IfAny[int] = None


def written(shape: Answer) -> dict[str, Any]:
    return dict(json.loads(shape.model_dump_json(by_alias=True)))


def test_the_shapes_are_gathered() -> None:
    assert contract.bp.name == "api"
    assert len(fields()) > 300


def test_every_call_and_every_shape_of_a_room_is_gathered() -> None:
    """Calls the contract does not import are never there; a test of the document would not miss them."""
    written = {
        name
        for name, module in modules().items()
        if re.split(r"[._]", name)[-1] in {"api", "shapes"} and module.path.name != "__init__.py"
    }
    gathered = {it.__name__.removeprefix("grid_report.") for it in contract.CALLS + contract.SHAPES}
    assert gathered == written


def test_an_instant_is_written_in_utc_whatever_its_zone() -> None:
    at = datetime(2026, 11, 16, 10, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
    assert written(Said(at=at, until=at)) == {
        "at": "2026-11-16T02:00:00Z",
        "until": "2026-11-16T02:00:00Z",
    }


def test_what_is_empty_is_null_and_what_is_optional_is_left_out() -> None:
    at = datetime(2026, 11, 16, 10, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
    assert written(Said(at=at, until=None))["until"] is None
    assert "more" not in written(Said(at=at, until=None))
    assert written(Said(at=at, until=None, more=0))["more"] == 0


def test_a_field_with_a_default_is_left_out_where_there_is_nothing() -> None:
    assert [
        name
        for name, field in fields().items()
        if not field.is_required() and field.exclude_if is None
    ] == []


def test_instants_are_said_as_instants() -> None:
    """A plain `datetime` would be written in the zone it came in."""

    def is_plain(field: FieldInfo) -> bool:
        inside = set(kinds_in(field.annotation))
        return datetime in inside and Instant not in inside and not field.metadata

    assert [name for name, field in fields().items() if is_plain(field)] == []
