"""The blueprint all calls hang on, and what each declares about itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from flask import Blueprint
from pydantic import BaseModel

bp = Blueprint("api", __name__, url_prefix="/api/v1")

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Operation:
    """What a view declares about itself."""

    summary: str
    answers: dict[int, type[BaseModel] | str | None]
    query: type[BaseModel] | None = None
    json: type[BaseModel] | None = None
    form: type[BaseModel] | None = None
    # Headers by their names, as the document says of a parameter; a body of this media type.
    headers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    takes: str | None = None
    refuses: tuple[int, ...] = ()
    idempotent_by_key: bool = False


def operation(**declared: Any) -> Callable[[View], View]:
    """Declare what a view takes and answers; a test finds API views that declare nothing."""

    def mark(view: View) -> View:
        view.__operation__ = Operation(**declared)  # type: ignore[attr-defined]
        return view

    return mark
