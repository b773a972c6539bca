"""What the database refuses by itself, whoever asks: each refusal by the guard it names."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from grid_report.db import db
from tests.support.builders import Make

pytestmark = pytest.mark.database


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        ("UPDATE reports SET state = 'fixed - council', accepted_at = created_at", "state_known"),
        (
            "UPDATE reports SET state = 'closed', accepted_at = created_at,"
            " handled_at = created_at, handled_by_id = reporter_id",
            "closed_iff_dated",
        ),
        ("UPDATE reports SET state = 'merged'", "merged_iff_into"),
        ("UPDATE reports SET merged_into_id = id, state = 'merged'", "not_merged_into_itself"),
        (
            "UPDATE reports SET state = 'dispatched', accepted_at = created_at",
            "dispatched_to_somebody",
        ),
        ("UPDATE reports SET state = 'accepted'", "accepted_before_work"),
        ("UPDATE reports SET severity = 5", "severity_known"),
        ("UPDATE reports SET state = 'needs_info'", "clocks_stopped_iff_waiting"),
        ("UPDATE report_history SET words = 'changed'", "history_is_append_only"),
        ("DELETE FROM report_history", "history_is_append_only"),
    ],
)
def test_the_database_itself_refuses_the_impossible(
    make: Make, statement: str, constraint: str
) -> None:
    make.report()
    db.session.rollback()
    with pytest.raises((IntegrityError, DBAPIError), match=constraint):
        db.session.execute(text(statement))
    db.session.rollback()
