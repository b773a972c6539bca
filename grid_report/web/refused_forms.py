"""A posted form that was refused: its page again, with a sentence at each field and all that was typed."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, make_response

from grid_report.errors import Busy, Conflict, GridReportError, Invalid, TooMany
from grid_report.web.http.problems import status_of
from grid_report.web.pages import words

# What a form shows beside itself; everything else is a page of its own. A room may show more.
REFUSED = (Invalid, Conflict, TooMany)

# Sentences by the field they stand at; "form" is the form as a whole.
Errors = dict[str, list[str]]


def sentences(error: GridReportError, field: str = "form") -> Errors:
    """Return what a refusal says, by field; what names no field goes to `field`."""
    if isinstance(error, Invalid):
        return words.field_sentences(error)
    return {getattr(error, "at_field", field): [words.error_sentence(error)]}


def shown_again(
    error: GridReportError, page: Callable[[Errors], str], field: str = "form"
) -> Response:
    """Answer a refused form with its page, drawn by `page` from the errors by field."""
    # A wrong password is 401 to a program; to a browser it is a form to look at again.
    status = 422 if isinstance(error, Invalid) else status_of(error)
    answer = make_response(page(sentences(error, field)), status)
    if isinstance(error, TooMany | Busy):
        answer.headers["Retry-After"] = str(error.retry_after_s)
    return answer
