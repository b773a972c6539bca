"""Answers of the ledger, said as the model of `model.py` says them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from grid_report.errors import GridReportError
from grid_report.points import ledger
from tests.points.proof.model_debts import Did


def answer_of(function: Callable[[], Any]) -> Any:
    """Return what a request did, or the name of its refusal."""
    try:
        return function()
    except GridReportError as error:
        return type(error).__name__


def did(answer: Any) -> Any:
    """Say an answer of the ledger as the model says it."""
    if isinstance(answer, ledger.Moved) and answer.entry_id is None:
        assert answer.points == 0
        return None
    if isinstance(answer, ledger.Reversal):
        return Did(answer.points, answer.already, answer.debt)
    if isinstance(answer, ledger.Award):
        return answer.outcome, Did(answer.points, answer.already, answer.repaid)
    if isinstance(answer, ledger.Moved | ledger.Held):
        return Did(answer.points, answer.already)
    return answer
