"""What the database refuses about decisions, proposals and versions, and which guard said so."""

from __future__ import annotations

from datetime import UTC

import pytest

from grid_report.db import db
from tests.points.book import NOW, STATION, Book, is_sqlite, refusal_of

pytestmark = pytest.mark.database

AT = "'2026-11-23 04:00:00.000000'"
CLAIM = {
    "cause_type": "'report-accepted'",
    "cause_id": "'KY-9'",
    "at": AT,
    "rider_id": "{rider}",
    "community_code": f"'{STATION}'",
    "rule": "'R1'",
    "tariff_version": "'2020-1'",
    "severity": "2",
    "nth": "1",
    "rate": "15",
    "halved": "{no}",
    "points": "15",
}
PROPOSAL = {
    "key": "'k'",
    "kind": "'grant'",
    "state": "'waiting'",
    "points": "5",
    "month": "'2026-11'",
    "reason": "'x'",
    "proposed_by_id": "{admin}",
    "proposed_at": AT,
    "decision_note": "''",
}
MERIT = {**PROPOSAL, "kind": "'merit'", "month": "NULL", "report_number": "'KY-9'"}
REVERSAL = {
    **PROPOSAL,
    "kind": "'reversal'",
    "month": "NULL",
    "points": "NULL",
    "rider_id": "{rider}",
    "entry_id": "{entry}",
    "verdict": "'honest'",
}


def row(table: str, base: dict[str, str], **changed: str) -> str:
    values = {**base, **changed}
    return f"INSERT INTO {table} ({', '.join(values)}) VALUES ({', '.join(values.values())})"


ATTACKS = [
    ("never_more_than_the_rule", [row("point_claims", CLAIM, points="16")]),
    ("never_more_than_the_rule", [row("point_claims", CLAIM, points="-1")]),
    ("nothing_has_a_reason", [row("point_claims", CLAIM, points="0")]),
    ("severity_known", [row("point_claims", CLAIM, severity="5")]),
    ("counted_from_one", [row("point_claims", CLAIM, nth="0")]),
    ("cut_known", [row("point_claims", CLAIM, cut="'whim'")]),
    ("a_cause_is_decided_once", [row("point_claims", CLAIM)] * 2),
    ("decisions_stay", [row("point_claims", CLAIM), "UPDATE point_claims SET points = 1"]),
    ("decisions_stay", [row("point_claims", CLAIM), "DELETE FROM point_claims"]),
    ("a_proposal_once", [row("point_proposals", PROPOSAL)] * 2),
    ("points_positive", [row("point_proposals", PROPOSAL, points="0")]),
    ("grants_have_a_month", [row("point_proposals", PROPOSAL, month="NULL")]),
    ("awards_have_a_rider", [row("point_proposals", PROPOSAL, rider_id="{rider}")]),
    ("awards_have_a_rider", [row("point_proposals", MERIT)]),
    ("awards_have_points", [row("point_proposals", PROPOSAL, points="NULL")]),
    (
        "merits_have_a_report",
        [row("point_proposals", MERIT, rider_id="{rider}", report_number="NULL")],
    ),
    ("reversals_have_an_entry", [row("point_proposals", REVERSAL, verdict="NULL")]),
    (
        "nobody_decides_for_oneself",
        [row("point_proposals", REVERSAL, proposed_by_id="{rider}")],
    ),
    (
        "nobody_decides_for_oneself",
        [
            row(
                "point_proposals",
                REVERSAL,
                state="'approved'",
                decided_by_id="{rider}",
                decided_at=AT,
            )
        ],
    ),
    (
        "nobody_approves_an_own_proposal",
        [
            row(
                "point_proposals",
                PROPOSAL,
                state="'approved'",
                decided_by_id="{admin}",
                decided_at=AT,
            )
        ],
    ),
    (
        "kind_known",
        [row("point_proposals", REVERSAL, kind="'gift'", entry_id="NULL", verdict="NULL")],
    ),
    (
        "state_known",
        [
            row(
                "point_proposals",
                PROPOSAL,
                state="'lost'",
                decided_by_id="{rider}",
                decided_at=AT,
            )
        ],
    ),
    ("verdict_known", [row("point_proposals", REVERSAL, verdict="'guilty'")]),
    ("proposals_stay", [row("point_proposals", PROPOSAL), "DELETE FROM point_proposals"]),
    (
        "by_two_or_from_the_file",
        [
            "INSERT INTO tariff_versions (code, starts_at, rules, made_by_id, published_at)"
            " SELECT 'x', starts_at, rules, {admin}, published_at FROM tariff_versions"
        ],
    ),
    ("only_one", [f"INSERT INTO tariff_drafts VALUES (2, 'x', '{{{{}}}}', 1, {{admin}}, {AT})"]),
]


@pytest.mark.parametrize(
    ("guard", "statements"), ATTACKS, ids=[f"{n}-{a[0]}" for n, a in enumerate(ATTACKS)]
)
def test_it_is_refused_by_the_guard_that_is_meant(
    book: Book, guard: str, statements: list[str]
) -> None:
    assert NOW.tzinfo is UTC
    rider = book.rider()
    entry = book.award(rider).entry_id
    names = {
        "rider": rider,
        "admin": book.admin.member_id,
        "entry": entry,
        "no": "0" if is_sqlite() else "false",
    }
    found = refusal_of([statement.format(**names) for statement in statements])
    assert found is not None
    for table in ("point_claims", "point_proposals", "tariff_versions", "tariff_drafts"):
        found = found.removeprefix(f"ck_{table}_")
    assert found == guard


@pytest.mark.parametrize("table", ["point_claims", "point_proposals", "tariff_versions"])
def test_nothing_of_it_is_truncated(book: Book, table: str) -> None:
    if db.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has no TRUNCATE")
    stay = {
        "point_claims": "decisions_stay",
        "point_proposals": "proposals_stay",
        "tariff_versions": "started_versions_stay",
    }
    assert refusal_of([f"TRUNCATE {table}"]) == stay[table]


def test_a_version_to_come_goes_by_hand_only_with_the_word_of_who_took_it_back(book: Book) -> None:
    people = f"{book.admin.member_id}, {book.other_admin.member_id}"
    planned = (
        "INSERT INTO tariff_versions (code, starts_at, rules, made_by_id, published_by_id,"
        f" published_at) VALUES ('later', '{{}}', '{{{{}}}}', {people}, '2026-11-23 04:00:00.000000')"
    )
    # By the row's own instants, whatever the database's clock says.
    assert refusal_of([planned.format("2026-11-23 04:00:00.000000")]) == "a_version_starts_later"
    assert refusal_of([planned.format("2026-11-23 04:00:01.000000")]) is None
    drop = "DELETE FROM tariff_versions WHERE code = 'later'"
    note = (
        "INSERT INTO audit_entries (at, action, about, details)"
        " VALUES ('2026-11-23 {}', 'tariff-withdrawn', '{}', '{{}}')"
    )
    # A word about another version, from before this one was published, or after it started.
    for at, code in (
        ("04:00:00.000000", "x"),
        ("03:59:59.999999", "later"),
        ("04:00:01.000000", "later"),
    ):
        assert refusal_of([note.format(at, code), drop]) == "started_versions_stay"
    assert refusal_of([note.format("04:00:00.000000", "later"), drop]) is None
