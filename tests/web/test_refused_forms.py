"""A refused form is its page again: the right status, a sentence where it belongs, nothing lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import pytest
from flask import Flask

from grid_report.accounts.errors import WrongPassword
from grid_report.errors import Busy, GridReportError, Invalid, Stale, TooMany
from grid_report.web.refused_forms import Errors, sentences, shown_again

pytestmark = pytest.mark.database


@dataclass(eq=False)
class Odd(GridReportError):
    """Belongs to a field, and has a status of its own."""

    code: ClassVar[str] = "conflict"
    status: ClassVar[int] = 415
    at_field: ClassVar[str] = "photos"


@pytest.fixture(autouse=True)
def _asked(app: Flask) -> Iterator[None]:
    with app.test_request_context("/", headers={"Accept-Language": "en"}):
        yield


def page(errors: Errors) -> str:
    return "|".join(f"{name}: {' '.join(said)}" for name, said in errors.items())


def test_every_problem_stands_at_its_field() -> None:
    error = Invalid.field("day", "field-needed")
    error.add("area", "field-needed")
    error.add("area", "text-too-long", most=20)
    found = sentences(error, "code")
    assert {name: len(said) for name, said in found.items()} == {"day": 1, "area": 2}


@pytest.mark.parametrize(
    ("error", "asked", "field"),
    [
        (Stale(1, 2), {}, "form"),
        (Stale(1, 2), {"field": "code"}, "code"),
        (Odd(), {}, "photos"),
        (Odd(), {"field": "code"}, "photos"),
    ],
)
def test_what_names_no_field_goes_where_the_form_says(
    error: GridReportError, asked: dict[str, str], field: str
) -> None:
    found = sentences(error, **asked)
    assert list(found) == [field]
    (said,) = found[field]
    assert said
    assert shown_again(error, page, **asked).get_data(as_text=True) == f"{field}: {said}"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Invalid.field("day", "field-needed"), 422),
        (WrongPassword(), 422),
        (Stale(1, 2), 409),
        (TooMany(90), 429),
        (Busy(90), 503),
        (Odd(), 415),
    ],
)
def test_the_page_has_the_status_of_the_error(error: GridReportError, status: int) -> None:
    answer = shown_again(error, page)
    assert answer.status_code == status
    assert answer.content_type == "text/html; charset=utf-8"
    # How long to wait is said to programs too, and only where it is about waiting.
    assert answer.headers.get("Retry-After") == ("90" if status in (429, 503) else None)
