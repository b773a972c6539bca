"""Reading what programs send: JSON strictly by its shape, forms as text, keys from the header."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from grid_report import clock
from grid_report.errors import Invalid
from grid_report.plain_characters import plain
from grid_report.web.api.shapes import Answer, Reader
from grid_report.web.context import current_actor, language, settings

# pydantic's word for a mistake → the code of our sentence for it.
CODES = {
    "missing": "field-needed",
    "string_too_long": "text-too-long",
    "string_too_short": "field-needed",
    "greater_than_equal": "number-too-small",
    "less_than_equal": "number-too-big",
}


FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")

# The longest body of the contract is a step with its notes; a parsed one takes many times its size.
MOST_JSON_BYTES = 256 * 1024


def json_body(shape: type[BaseModel]) -> dict[str, Any]:
    """Return the JSON body, checked against its shape. Raises Invalid; 400 when it is no JSON."""
    if not request.is_json:
        raise UnsupportedMediaType
    request.max_content_length = MOST_JSON_BYTES
    try:
        body = request.get_json(silent=True)
    except RecursionError:
        body = None
    if body is None:
        raise BadRequest
    try:
        return shape.model_validate(body).model_dump(exclude_none=True)
    except ValidationError as error:
        raise problems_of(error) from None


def form_body() -> None:
    """Refuse a body that is no form. Raises UnsupportedMediaType."""
    if request.mimetype not in FORMS:
        raise UnsupportedMediaType


def query(shape: type[BaseModel]) -> Any:
    """Return the query string as its shape; an empty parameter counts as absent. Raises Invalid.

    Everything but the words searched for is a number, a date or a code.
    """
    try:
        given = {k: v if k == "q" else plain(v) for k, v in request.args.items() if v != ""}
        return shape.model_validate(given)
    except ValidationError as error:
        raise problems_of(error) from None


def problems_of(error: ValidationError) -> Invalid:
    """Turn what a shape refused into field problems with our codes."""
    problems = Invalid()
    for mistake in error.errors():
        name = str(mistake["loc"][0]) if mistake["loc"] else "body"
        code = CODES.get(mistake["type"], "value-unknown")
        context = mistake.get("ctx", {})
        facts: dict[str, Any] = {}
        if code == "text-too-long":
            facts = {"most": context["max_length"]}
        elif code == "number-too-small":
            facts = {"least": context["ge"]}
        elif code == "number-too-big":
            facts = {"most": context["le"]}
        problems.add(name, code, **facts)
    return problems


KEY_FIELD = "idempotency_key"


def idempotency_key() -> str | None:
    """Return the key a creating request carries."""
    return request.headers.get("Idempotency-Key")


def reader() -> Reader:
    """Return for whom this request is answered, and when."""
    zone = settings().county.tz
    return Reader(current_actor(), language(), zone, clock.now())


def answer(shown: Answer, status: int = 200, *, replayed: bool = False) -> Response:
    """Answer with a shape as JSON; a GET gets an ETag and may be 304."""
    text = shown.model_dump_json(by_alias=True)
    response: Response = current_app.response_class(f"{text}\n", mimetype="application/json")
    response.status_code = status
    if replayed:
        response.headers["Idempotent-Replayed"] = "true"
    return unless_known(response)


def unless_known(response: Response) -> Response:
    """Give what a GET answers an ETag; 304 to who has it already."""
    if request.method in ("GET", "HEAD") and response.status_code == 200:
        response.add_etag()
        response.make_conditional(request)
    return response
