"""Addresses that are no pages: nobody looks at them in a browser."""

from __future__ import annotations

# Programs read these, or they only lead on; the pages they lead to are listed below.
NO_PAGES = {
    # A file.
    "my_data.load_export",
    "health.healthz",
    "health.metrics",
    "health.readyz",
    # Shown only with a right code behind it: tests/accounts/numbers/test_confirming.py looks at it.
    "numbers.choice",
    "oversight.journal_file",
    "oversight.trail_file",
    "basemap.ground",
    "basemap.streets",
    "notify.open_message",
    "notify.unread",
    # Leads on to the page of news: tests/notify/wechat/test_connecting.py.
    "wechat.arrive",
    "offers.photo",
    "places.boundaries_json",
    "places.spots_json",
    "admin_statements.workbook",
    "statements.workbook",
    "open_data.month_csv",
    "statistics.choose",
    "statistics.index",
    "statistics_ask.table",
    "statistics_compare.choose_map",
    "statistics_exports.delivered",
    "statistics_exports.month_csv",
    "statistics_exports.month_workbook",
    "pages.manifest",
    "pages.session",
    "pages.worker",
    # Shown only with a right password behind it: tests/accounts/sign_in/test_second_step.py looks at it.
    "second.ask",
    "reports.case",
    "reports.home",
    "reports.photo",
    # The page of a new report without network: tests/journeys/test_outbox.py looks at it.
    "reports.shell",
    "reports.staged_photo",
    "static",
}
