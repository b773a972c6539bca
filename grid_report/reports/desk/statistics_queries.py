"""Reports as the monthly figures read them: what figures are made of, and the lists behind them."""

from __future__ import annotations

from typing import Final

from sqlalchemy import cast, null, select

from grid_report.reports.models import Report
from grid_report.reports.round_models import Recall, ReportRound

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
    Report.first_accepted_at,
    Report.accepted_in_time,
    Report.dispatched_at,
    Report.started_at,
    Report.handled_at,
    Report.closed_at,
    Report.reopened_at,
    Report.rated_at,
    Report.accept_due,
    Report.control_due,
    Report.controlled_at,
    Report.fix_due,
    Report.close_due,
    Report.reworks,
    Report.extensions,
    Report.reworks_before,
    Report.extensions_before,
    Report.reopenings,
    Report.solved,
    Report.satisfied,
    Report.review_on,
    Report.next_due,
    Report.next_warn,
    Report.community_code.label("now_community_code"),
    Report.street_code.label("now_street_code"),
    Report.unit_code.label("now_unit_code"),
    Report.self_handled.label("now_self_handled"),
).subquery("cases")

# One row each time a case was taken back, with the place and the holder of that moment.
RECALLS: Final = select(
    Recall.at,
    Recall.street_code,
    Recall.community_code,
    Recall.category_code,
    Recall.unit_code,
).subquery("recalls")

# One row a round that is over, under the names of the above: where it was and who handled it then,
# and (`now_…`) where its case is.
ROUNDS: Final = (
    select(
        Report.id,
        Report.number,
        Report.state,
        ReportRound.community_code,
        ReportRound.street_code,
        ReportRound.category_code,
        Report.severity,
        Report.sensitive,
        Report.source,
        Report.reporter_id,
        ReportRound.unit_code,
        ReportRound.self_handled,
        Report.created_at,
        Report.accepted_at,
        Report.first_accepted_at,
        Report.accepted_in_time,
        ReportRound.dispatched_at,
        ReportRound.started_at,
        ReportRound.handled_at,
        ReportRound.closed_at,
        ReportRound.ended_at,
        Report.accept_due,
        # Nothing of it is kept of a round.
        cast(null(), Report.control_due.type).label("control_due"),
        cast(null(), Report.controlled_at.type).label("controlled_at"),
        ReportRound.fix_due,
        ReportRound.close_due,
        ReportRound.extended,
        ReportRound.reworked,
        Report.reopenings,
        Report.next_due,
        Report.next_warn,
        Report.community_code.label("now_community_code"),
        Report.street_code.label("now_street_code"),
        Report.unit_code.label("now_unit_code"),
        Report.self_handled.label("now_self_handled"),
    )
    .join(Report, Report.id == ReportRound.report_id)
    .subquery("rounds")
)
