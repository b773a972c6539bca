"""Sentences by code: they live in `templates/words/*.txt`, one macro a code."""

from __future__ import annotations

from typing import Any

from flask import current_app

from grid_report.errors import FieldProblem, GridReportError, Invalid


def sentence(file: str, code: str, **facts: Any) -> str:
    """Return the sentence for a code in the reader's language.

    Raises LookupError when nobody has written it; a test finds those first.
    """
    module = current_app.jinja_env.get_template(f"words/{file}.txt").module
    macro = getattr(module, code.replace("-", "_"), None)
    if macro is None:
        raise LookupError(f"words/{file}.txt has no macro for {code}")
    return " ".join(str(macro(**facts)).split())


def error_sentence(error: GridReportError) -> str:
    """Return what to tell a person about an error as a whole."""
    facts = {} if isinstance(error, Invalid) else error.facts
    return sentence("errors", error.code, **facts)


def problem_sentence(problem: FieldProblem) -> str:
    """Return what to tell a person about one field."""
    return sentence("errors", problem.code, **problem.facts)


def field_sentences(error: Invalid) -> dict[str, list[str]]:
    """Return every field at fault with its sentences, ready for a form or a JSON answer."""
    return {
        name: [problem_sentence(problem) for problem in problems]
        for name, problems in error.problems.items()
    }


def said(code: str, **facts: Any) -> str:
    """Return the short confirmation shown after something was done."""
    return sentence("said", code, **facts)
