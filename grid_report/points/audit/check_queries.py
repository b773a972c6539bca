"""What the audit asks: queries that return what is wrong, and nothing on a sound ledger."""

from __future__ import annotations

from typing import Final

# Every redemption with what became of it, from the events alone.
BY_REF: Final = """
    SELECT redemption_ref,
      SUM(CASE kind WHEN 'hold' THEN 1 ELSE 0 END) AS holds,
      SUM(CASE WHEN kind IN ('capture', 'release') THEN 1 ELSE 0 END) AS ends,
      SUM(CASE kind WHEN 'settle' THEN 1 ELSE 0 END) AS settles,
      SUM(CASE kind WHEN 'noshow' THEN 1 ELSE 0 END) AS noshows,
      SUM(CASE kind WHEN 'noshow' THEN points ELSE 0 END) AS lost,
      SUM(CASE kind WHEN 'release' THEN points ELSE 0 END) AS released,
      SUM(CASE WHEN kind = 'capture' THEN points WHEN kind IN ('refund', 'settle') THEN -points
          ELSE 0 END) AS in_escrow
    FROM point_journal WHERE redemption_ref IS NOT NULL GROUP BY redemption_ref"""

# What lots owe by award, and what was taken of that.
OWED: Final = """
    SELECT o.lot_id, r.reverses_id AS award_id, SUM(o.points) AS points
    FROM point_owed o JOIN point_journal r ON r.id = o.reversal_id
    GROUP BY o.lot_id, r.reverses_id"""
TAKEN: Final = """
    SELECT m.lot_id, j.reverses_id AS award_id, SUM(-m.free_delta) AS points
    FROM point_lot_movements m JOIN point_transfers t ON t.id = m.transfer_id
    JOIN point_journal j ON j.id = t.journal_id AND j.cause_type = 'owed-taken'
    GROUP BY m.lot_id, j.reverses_id"""

_CHECKS: Final = {
    "balance-differs-from-transfers": """
        WITH d AS (
          SELECT t.debit_account_id AS id,
            SUM(CASE WHEN t.phase IN ('single', 'post') THEN t.amount ELSE 0 END) AS debits,
            SUM(CASE t.phase WHEN 'pending' THEN t.amount WHEN 'single' THEN 0
                ELSE -h.amount END) AS pending
          FROM point_transfers t LEFT JOIN point_transfers h ON h.id = t.pending_id
          GROUP BY t.debit_account_id),
        c AS (
          SELECT credit_account_id AS id, SUM(amount) AS credits FROM point_transfers
          WHERE phase IN ('single', 'post') GROUP BY credit_account_id)
        SELECT a.holder FROM point_accounts a
        LEFT JOIN d ON d.id = a.id LEFT JOIN c ON c.id = a.id
        WHERE a.credits <> COALESCE(c.credits, 0) OR a.debits <> COALESCE(d.debits, 0)
          OR a.pending_debits <> COALESCE(d.pending, 0)""",
    "account-overdrawn": """
        SELECT holder FROM point_accounts WHERE kind NOT IN ('mint', 'rider_debt')
          AND credits - debits - pending_debits < 0""",
    "supply-differs-from-mint": """
        SELECT 'all accounts' FROM (
          SELECT SUM(credits - debits) AS total FROM point_accounts) a WHERE total <> 0""",
    "lot-differs-from-movements": """
        SELECT CAST(l.id AS VARCHAR) FROM point_lots l LEFT JOIN (
          SELECT lot_id, SUM(free_delta) AS free, SUM(held_delta) AS held
          FROM point_lot_movements GROUP BY lot_id) m ON m.lot_id = l.id
        WHERE l.free <> COALESCE(m.free, 0) OR l.held <> COALESCE(m.held, 0)""",
    "lots-differ-from-balance": """
        SELECT a.holder FROM point_accounts a LEFT JOIN (
          SELECT account_id, SUM(free + held) AS total, SUM(held) AS held
          FROM point_lots GROUP BY account_id) l ON l.account_id = a.id
        WHERE a.lots_total <> COALESCE(l.total, 0) OR a.lots_held <> COALESCE(l.held, 0)
          OR (a.kind = 'rider' AND (a.credits - a.debits <> COALESCE(l.total, 0)
            OR a.pending_debits <> COALESCE(l.held, 0)))""",
    "movements-differ-from-transfer": """
        SELECT CAST(t.id AS VARCHAR) FROM point_transfers t LEFT JOIN (
          SELECT transfer_id, ABS(SUM(free_delta + held_delta)) AS moved,
            ABS(SUM(held_delta)) AS held
          FROM point_lot_movements GROUP BY transfer_id) m ON m.transfer_id = t.id
        WHERE 'rider' IN (t.debit_kind, t.credit_kind)
          AND t.amount <> COALESCE(CASE WHEN t.phase IN ('single', 'post') THEN m.moved
            ELSE m.held END, 0)""",
    "legs-differ-from-event": """
        SELECT j.cause_type || ' ' || j.cause_id FROM point_journal j LEFT JOIN (
          SELECT journal_id, SUM(amount) AS total FROM point_transfers GROUP BY journal_id) t
          ON t.journal_id = j.id WHERE j.points <> COALESCE(t.total, 0)""",
    "award-without-its-lot": """
        SELECT j.cause_type || ' ' || j.cause_id FROM point_journal j
        LEFT JOIN point_transfers t ON t.journal_id = j.id
        LEFT JOIN point_lots l ON l.transfer_id = t.id
        WHERE j.kind = 'award' AND l.id IS NULL""",
    "reversed-more-than-awarded": """
        SELECT o.cause_type || ' ' || o.cause_id FROM point_journal o JOIN (
          SELECT s.reverses_id, SUM(t.amount) AS total FROM point_journal s
          JOIN point_transfers t ON t.journal_id = s.id
          WHERE s.reverses_id IS NOT NULL GROUP BY s.reverses_id) r ON r.reverses_id = o.id
        WHERE r.total > o.points""",
    "paid-and-still-due": """
        SELECT u.cause_type || ' ' || u.cause_id FROM point_unpaid u
        JOIN point_journal j ON j.cause_type = u.cause_type AND j.cause_id = u.cause_id
        WHERE u.journal_id IS NULL OR u.journal_id <> j.id""",
    "decision-differs-from-ledger": """
        SELECT c.cause_type || ' ' || c.cause_id FROM point_claims c
        LEFT JOIN point_journal j ON j.cause_type = c.cause_type AND j.cause_id = c.cause_id
        LEFT JOIN point_unpaid u ON u.cause_type = c.cause_type AND u.cause_id = c.cause_id
        WHERE (c.points > 0 AND COALESCE(j.points, u.points, 0) <> c.points)
          OR (c.points = 0 AND j.id IS NOT NULL)""",
    "budget-opened-twice": """
        SELECT cause_id FROM point_journal WHERE cause_type = 'budget-opened'
        GROUP BY cause_id HAVING COUNT(*) > 1""",
    "hold-resolved-for-another": """
        SELECT o.redemption_ref FROM point_transfers r
        JOIN point_transfers h ON h.id = r.pending_id
        JOIN point_journal o ON o.id = h.journal_id JOIN point_journal j ON j.id = r.journal_id
        WHERE o.redemption_ref <> j.redemption_ref OR r.amount > h.amount""",
    "redemption-without-its-hold": """
        SELECT redemption_ref FROM by_ref b WHERE holds <> 1 OR ends > 1 OR settles > 1
          OR (noshows > 0 AND lost * 5 > released)""",
    "escrow-differs-from-captures": """
        SELECT a.holder FROM point_accounts a LEFT JOIN (
          SELECT h.credit_account_id AS id, SUM(b.in_escrow) AS total
          FROM by_ref b JOIN point_journal o ON o.redemption_ref = b.redemption_ref
            AND o.kind = 'hold' JOIN point_transfers h ON h.journal_id = o.id
          GROUP BY h.credit_account_id) e ON e.id = a.id
        WHERE a.kind = 'escrow' AND a.credits - a.debits <> COALESCE(e.total, 0)""",
    "settled-and-something-left": """
        SELECT redemption_ref FROM by_ref b
        WHERE in_escrow < 0 OR (settles > 0 AND in_escrow <> 0)""",
    "provider-differs-from-statements": """
        SELECT a.holder FROM point_accounts a LEFT JOIN (
          SELECT t.credit_account_id AS id, SUM(j.points) AS total FROM point_journal j
          JOIN point_transfers t ON t.journal_id = j.id
          WHERE j.kind = 'settle' GROUP BY t.credit_account_id) s ON s.id = a.id LEFT JOIN (
          SELECT t.debit_account_id AS id, SUM(j.points) AS total FROM point_journal j
          JOIN point_transfers t ON t.journal_id = j.id
          WHERE j.kind = 'statement' GROUP BY t.debit_account_id) c ON c.id = a.id
        WHERE a.kind = 'provider'
          AND a.credits - a.debits <> COALESCE(s.total, 0) - COALESCE(c.total, 0)""",
    "lot-got-back-more-than-it-paid": """
        SELECT CAST(m.lot_id AS VARCHAR) FROM point_lot_movements m
        JOIN point_transfers t ON t.id = m.transfer_id JOIN point_journal j ON j.id = t.journal_id
        WHERE m.kind IN ('capture', 'refund')
        GROUP BY m.lot_id, COALESCE(j.reverses_id, j.id)
        HAVING SUM(m.free_delta + m.held_delta) > 0""",
    "debt-without-fraud": """
        SELECT j.cause_type || ' ' || j.cause_id FROM point_transfers t
        JOIN point_journal j ON j.id = t.journal_id
        WHERE t.route = 'clawback_debt' AND COALESCE(j.verdict, '') <> 'fraud'""",
    "more-than-half-repaid": """
        SELECT CAST(l.id AS VARCHAR) FROM point_lots l
        JOIN point_lot_movements m ON m.lot_id = l.id
        JOIN point_transfers t ON t.id = m.transfer_id AND t.event = 'repayment'
        JOIN point_journal j ON j.id = t.journal_id AND j.cause_type <> 'debt-met'
        GROUP BY l.id, l.points HAVING SUM(-m.free_delta) * 2 > l.points""",
    "honest-mistake-took-another-lot": """
        SELECT j.cause_type || ' ' || j.cause_id FROM point_lot_movements m
        JOIN point_transfers t ON t.id = m.transfer_id JOIN point_journal j ON j.id = t.journal_id
        JOIN point_lots l ON l.id = m.lot_id JOIN point_transfers a ON a.id = l.transfer_id
        WHERE j.verdict IN ('honest', 'appeal') AND a.journal_id <> j.reverses_id""",
    "more-owed-than-awarded": """
        SELECT CAST(r.id AS VARCHAR) FROM point_journal r
        JOIN point_journal a ON a.id = r.reverses_id
        JOIN (SELECT reversal_id, SUM(points) AS total FROM point_owed GROUP BY reversal_id) o
          ON o.reversal_id = r.id
        WHERE r.verdict = 'fraud' OR o.total + r.points > a.points""",
    "more-taken-than-owed": """
        SELECT CAST(t.lot_id AS VARCHAR) FROM taken t LEFT JOIN owed o
          ON o.lot_id = t.lot_id AND o.award_id = t.award_id
        WHERE t.points > COALESCE(o.points, 0)""",
    "owed-and-not-taken": """
        SELECT CAST(l.id AS VARCHAR) FROM owed o JOIN point_lots l ON l.id = o.lot_id
        JOIN point_journal a ON a.id = o.award_id
        LEFT JOIN taken t ON t.lot_id = o.lot_id AND t.award_id = o.award_id
        WHERE l.free > 0 AND o.points > COALESCE(t.points, 0) AND a.points > (
          SELECT COALESCE(SUM(s.points), 0) FROM point_journal s
          WHERE s.reverses_id = a.id AND s.kind = 'reversal')""",
    "met-by-more-than-came-back": """
        SELECT j.cause_type || ' ' || j.cause_id FROM point_lot_movements m
        JOIN point_transfers t ON t.id = m.transfer_id JOIN point_journal j ON j.id = t.journal_id
        WHERE j.cause_type IN ('debt-met', 'owed-taken') AND NOT EXISTS (
          SELECT 1 FROM point_lot_movements g JOIN point_transfers x ON x.id = g.transfer_id
          WHERE g.lot_id = m.lot_id AND g.kind IN ('release', 'refund')
            AND g.free_delta >= -m.free_delta AND j.cause_id = CASE j.cause_type
              WHEN 'debt-met' THEN CAST(x.journal_id AS VARCHAR)
              ELSE CAST(j.reverses_id AS VARCHAR) || ':' || CAST(x.journal_id AS VARCHAR) END)""",
    "expired-before-its-end": """
        SELECT CAST(l.id AS VARCHAR) FROM point_lot_movements m
        JOIN point_transfers t ON t.id = m.transfer_id JOIN point_journal j ON j.id = t.journal_id
        JOIN point_lots l ON l.id = m.lot_id
        WHERE j.kind = 'expiry' AND l.expires_at > j.at""",
    "closed-pool-not-empty": """
        SELECT a.holder FROM point_accounts a JOIN point_transfers u ON u.debit_account_id = a.id
        WHERE u.event = 'ungrant' AND a.credits <> a.debits""",
}
CHECKS: Final = {
    name: query.replace("by_ref b", f"({BY_REF}) b")
    .replace("owed o ", f"({OWED}) o ")
    .replace("owed o\n", f"({OWED}) o\n")
    .replace("taken t ", f"({TAKEN}) t ")
    for name, query in _CHECKS.items()
}

# A job that is late is no difference: nothing is wrong but the time.
WARNINGS: Final = {
    "hold-past-its-deadline": """
        SELECT CAST(t.id AS VARCHAR) FROM point_transfers t
        LEFT JOIN point_transfers r ON r.pending_id = t.id
        WHERE t.phase = 'pending' AND r.id IS NULL AND t.holds_until < :yesterday""",
}

# Every night, of what was written since the last one; the figures of what it touched, whole.
_TOUCHED: Final = """
    SELECT debit_account_id AS id FROM point_transfers WHERE id > :transfer
    UNION SELECT credit_account_id FROM point_transfers WHERE id > :transfer"""
_MOVED: Final = "SELECT lot_id AS id FROM point_lot_movements WHERE id > :movement"
_RECENT: Final = {
    "balance-differs-from-transfers": """
        WITH n AS (touched)
        SELECT a.holder FROM point_accounts a JOIN n ON n.id = a.id
        WHERE a.credits <> (SELECT COALESCE(SUM(c.amount), 0) FROM point_transfers c
            WHERE c.credit_account_id = a.id AND c.phase IN ('single', 'post'))
          OR a.debits <> (SELECT COALESCE(SUM(d.amount), 0) FROM point_transfers d
            WHERE d.debit_account_id = a.id AND d.phase IN ('single', 'post'))
          OR a.pending_debits <> (SELECT COALESCE(SUM(CASE d.phase WHEN 'pending' THEN d.amount
              ELSE -h.amount END), 0) FROM point_transfers d
            LEFT JOIN point_transfers h ON h.id = d.pending_id
            WHERE d.debit_account_id = a.id AND d.phase <> 'single')""",
    "lot-differs-from-movements": """
        WITH n AS (SELECT DISTINCT id FROM (moved) m)
        SELECT CAST(l.id AS VARCHAR) FROM point_lots l JOIN n ON n.id = l.id
        WHERE l.free <> (SELECT SUM(m.free_delta) FROM point_lot_movements m
            WHERE m.lot_id = l.id)
          OR l.held <> (SELECT SUM(m.held_delta) FROM point_lot_movements m
            WHERE m.lot_id = l.id)""",
    "lots-differ-from-balance": """
        WITH n AS (touched)
        SELECT a.holder FROM point_accounts a JOIN n ON n.id = a.id
        WHERE a.kind = 'rider' AND (
          a.credits - a.debits <> (SELECT COALESCE(SUM(l.free + l.held), 0) FROM point_lots l
            WHERE l.account_id = a.id)
          OR a.pending_debits <> (SELECT COALESCE(SUM(l.held), 0) FROM point_lots l
            WHERE l.account_id = a.id))""",
    "legs-differ-from-event": """
        SELECT j.cause_type || ' ' || j.cause_id FROM point_journal j
        WHERE j.id > :journal AND j.points <> (SELECT COALESCE(SUM(t.amount), 0)
          FROM point_transfers t WHERE t.journal_id = j.id)""",
    "award-without-its-lot": """
        SELECT j.cause_type || ' ' || j.cause_id FROM point_journal j
        WHERE j.id > :journal AND j.kind = 'award' AND NOT EXISTS (SELECT 1
          FROM point_transfers t JOIN point_lots l ON l.transfer_id = t.id
          WHERE t.journal_id = j.id)""",
    "movements-differ-from-transfer": """
        SELECT CAST(t.id AS VARCHAR) FROM point_transfers t
        WHERE t.id > :transfer AND 'rider' IN (t.debit_kind, t.credit_kind)
          AND t.amount <> (SELECT COALESCE(ABS(SUM(CASE WHEN t.phase IN ('single', 'post')
              THEN m.free_delta + m.held_delta ELSE m.held_delta END)), 0)
            FROM point_lot_movements m WHERE m.transfer_id = t.id)""",
    "account-overdrawn": CHECKS["account-overdrawn"],
    "supply-differs-from-mint": CHECKS["supply-differs-from-mint"],
    "more-taken-than-owed": CHECKS["more-taken-than-owed"],
    "owed-and-not-taken": CHECKS["owed-and-not-taken"],
}
RECENT: Final = {
    name: query.replace("(touched)", f"({_TOUCHED})").replace("(moved)", f"({_MOVED})")
    for name, query in _RECENT.items()
}
