"""Reports as the monthly figures read them: what figures are made of, and the lists behind them."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select

from grid_report.reports.models import Report
from grid_report.reports.recalls import Recall

# One row a case. Databases see through the subquery, so that the indexes of `reports` serve.
CASES: Final = select(
    Report.id,
    Report.number,
    Report.state,
    Report.community_code,
    Report.street_code,
    Report.category_code,
    Report.severity,
    Report.sensitive,
    Report.source,
    Report.reporter_id,
    Report.unit_code,
    Report.self_handled,
    Report.created_at,
    Report.accepted_at,
    Report.dispatched_at,
    Report.started_at,
    Report.handled_at,
    Report.closed_at,
    Report.reopened_at,
    Report.rated_at,
    Report.accept_due,
    Report.fix_due,
    Report.close_due,
    Report.reworks,
    Report.extensions,
    Report.reopenings,
    Report.solved,
    Report.satisfied,
    Report.review_on,
    Report.next_due,
    Report.next_warn,
).subquery("cases")

# One row each time a case was taken back, with the place and the holder of that moment.
RECALLS: Final = select(
    Recall.at,
    Recall.street_code,
    Recall.community_code,
    Recall.category_code,
    Recall.unit_code,
).subquery("recalls")
