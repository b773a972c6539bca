"""What the ledger's audit asks about statements: whether they say what the transfers say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

# Of known providers only: the ledger by itself pays to codes nobody registered.
CHECKS: Final = {
    "provider-differs-from-statements": """
        SELECT a.holder FROM point_accounts a JOIN providers p ON p.code = a.provider_code
        WHERE a.kind = 'provider' AND a.credits - a.debits <> (
          SELECT COALESCE(SUM(t.amount), 0) FROM point_transfers t
          WHERE t.credit_account_id = a.id AND NOT EXISTS (
            SELECT 1 FROM statement_lines l JOIN statements s ON s.id = l.statement_id
            WHERE l.journal_id = t.journal_id AND s.state = 'closed'))""",
    "line-differs-from-settlement": """
        SELECT l.ref FROM statement_lines l
        LEFT JOIN point_journal j ON j.id = l.journal_id AND j.kind = 'settle'
          AND j.redemption_ref = l.ref
        WHERE l.points <> COALESCE(j.points, 0)""",
    "statement-differs-from-lines": """
        SELECT s.key FROM statements s LEFT JOIN (
          SELECT statement_id, COUNT(*) AS services, SUM(points) AS points
          FROM statement_lines GROUP BY statement_id) l ON l.statement_id = s.id
        WHERE s.services <> COALESCE(l.services, 0) OR s.points <> COALESCE(l.points, 0)""",
    "statement-differs-from-clearing": """
        SELECT s.key FROM statements s LEFT JOIN point_journal j
          ON j.cause_type = 'statement-cleared' AND j.cause_id = s.key
        WHERE COALESCE(j.points, 0) <> CASE WHEN s.state = 'closed' THEN s.points ELSE 0 END""",
    "due-differs-from-lines": """
        SELECT r.ref FROM redemptions r
        LEFT JOIN statement_lines l ON l.redemption_id = r.id
        LEFT JOIN statement_due d ON d.redemption_id = r.id AND d.provider_code = r.provider_code
          AND d.ended_at = r.ended_at
        WHERE (r.state = 'settled' AND l.id IS NULL) <> (d.redemption_id IS NOT NULL)""",
    "settlement-without-its-service": """
        SELECT j.redemption_ref FROM point_journal j
        JOIN redemptions r ON r.ref = j.redemption_ref
        WHERE j.kind = 'settle' AND r.state <> 'settled'""",
}


def differences_for_audit(_sender: object, *, session: Session) -> Iterator[tuple[str, str]]:
    """Compare statements with the ledger, for its audit: what differs, and on what."""
    for check, query in CHECKS.items():
        for about in session.scalars(text(query)):
            yield check, str(about)
