"""What the table of moves and the database refuse, whoever asks."""

from __future__ import annotations

from itertools import product

import pytest

from grid_report.offers.settlements.lifecycle import (
    STATEMENT_MOVES,
    IllegalStatementStep,
    StatementState,
    StatementStep,
    statement_move,
)
from tests.offers.books import confirm, countersign
from tests.offers.shop import Shop
from tests.points.book import refusal_of, run

pytestmark = pytest.mark.database


def refusal(sql: str) -> str | None:
    """Return what refused a statement of raw SQL."""
    return (refusal_of([sql]) or "").removeprefix("ck_statements_")


@pytest.mark.parametrize(
    ("state", "step"), sorted(set(product(StatementState, StatementStep)) - set(STATEMENT_MOVES))
)
def test_a_step_not_in_the_table_is_refused(state: StatementState, step: StatementStep) -> None:
    with pytest.raises(IllegalStatementStep):
        statement_move(state, step)


CLOSE = "UPDATE statements SET state = 'closed', closed_at = drawn_at"


@pytest.mark.parametrize(
    ("sql", "guard"),
    [
        ("UPDATE statement_lines SET points = 1", "lines_are_append_only"),
        ("DELETE FROM statement_lines", "lines_are_append_only"),
        ("DELETE FROM statements", "statements_are_kept"),
        ("DELETE FROM statement_history", "history_is_append_only"),
        ("UPDATE statement_history SET words = 'x'", "history_is_append_only"),
        ("UPDATE statements SET points = points + 1", "drawn_sums_stay"),
        ("UPDATE statements SET month = '2026-10'", "a_statement_stays_itself"),
        ("UPDATE statements SET provider_name = 'x'", "a_statement_stays_itself"),
        ("UPDATE statements SET fen_per_point = 20", "a_statement_stays_itself"),
        ("UPDATE statements SET state = 'open', drawn_at = NULL", "only_the_moves_of_the_table"),
        (CLOSE, "only_the_moves_of_the_table"),
        ("UPDATE statements SET state = 'provider_confirmed'", "provider_confirmed_by_somebody"),
        (
            "UPDATE statements SET state = 'disputed', disputed_ref = 'R-1', disputed_side ="
            " 'county', disputed_by_id = (SELECT MIN(id) FROM members)",
            "disputed_line_is_its_own",
        ),
        (
            "INSERT INTO statements (key, version, provider_code, provider_name, month, ends_at,"
            " state, services, free_services, points, fen_per_point, created_at, cleared_type)"
            " SELECT 'provider-01:2027-01', 1, provider_code, provider_name, '2027-01', ends_at,"
            " 'drawn', 0, 0, 0, 10, created_at, cleared_type FROM statements",
            "statements_begin_open",
        ),
        (
            "INSERT INTO statement_lines (statement_id, provider_code, redemption_id, ref,"
            " station_name, title_zh, title_en, delivered_at, settled_at, points, journal_id,"
            " settled_type) SELECT statement_id, provider_code, redemption_id, ref, station_name,"
            " title_zh, title_en, delivered_at, settled_at, points, journal_id, settled_type"
            " FROM statement_lines WHERE points = 0",
            "lines_while_open",
        ),
    ],
)
def test_the_database_refuses_what_no_program_does(drawn: Shop, sql: str, guard: str) -> None:
    assert refusal(sql) == guard


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE statements SET state = 'disputed'",
        "UPDATE statements SET version = version + 1",
        "UPDATE statements SET closed_at = closed_at",
    ],
)
def test_a_closed_statement_never_changes(drawn: Shop, sql: str) -> None:
    confirm(drawn)
    countersign(drawn)
    assert refusal(sql) == "closed_statements_never_change"


def test_nothing_is_on_two_statements_whoever_writes_it(drawn: Shop) -> None:
    """An open statement of the same provider cannot take a line over."""
    opened = (
        "INSERT INTO statements (key, version, provider_code, provider_name, month, ends_at,"
        " state, services, free_services, points, fen_per_point, created_at, cleared_type)"
        " SELECT 'provider-01:2027-01', 1, provider_code, provider_name, '2027-01', ends_at,"
        " 'open', 0, 0, 0, 10, created_at, cleared_type FROM statements"
    )
    line = (
        "INSERT INTO statement_lines (statement_id, provider_code, redemption_id, ref,"
        " station_name, title_zh, title_en, delivered_at, settled_at, points, journal_id,"
        " settled_type) SELECT (SELECT MAX(id) FROM statements), provider_code, redemption_id,"
        " ref, station_name, title_zh, title_en, delivered_at, settled_at, points, journal_id,"
        " settled_type FROM statement_lines WHERE points = {}"
    )
    run([opened])
    assert refusal(line.format(0)) == "a_service_on_one_statement"
    assert refusal(line.format(80)) in (
        "a_service_on_one_statement",
        "a_settlement_on_one_statement",
    )


def test_people_who_confirm_are_two_for_the_database_too(drawn: Shop) -> None:
    confirm(drawn)
    assert (
        refusal(
            "UPDATE statements SET state = 'county_confirmed', county_confirmed_by_id ="
            " provider_confirmed_by_id, county_confirmed_at = drawn_at"
        )
        == "two_people_confirm"
    )
