"""Which floor each room is on, and what kind of file each file is."""

from __future__ import annotations

CORE = {"settings": 0, "errors": 0, "clock": 1, "db": 1, "access": 1}
# A room knows the rooms with a lower number; those with the same number are strangers.
ROOMS = {
    "web": 2,
    "accounts": 3,
    "media": 3,
    "places": 4,
    "points": 5,
    "notify": 5,
    "reports": 6,
    "api": 8,
    "jobs": 8,
    "demo": 8,
}
TOP = {"", "application", "cli", "schema", "serving", "slow_clients", "bench"}
OUTSIDE = {"api", "jobs", "demo"}

BY_FILE_NAME = {
    "models": "models",
    "steps": "steps",
    "queries": "queries",
    "usecases": "usecases",
    "forms": "border",
    "routes": "border",
    "cli": "border",
}
# Files named after what they hold. Everything else inside a domain is a rule.
BY_NAME = {
    "accounts.admin_routes": "border",
    "accounts.limits": "steps",
    "accounts.managing": "usecases",
    "accounts.messenger": "wiring",
    "accounts.place_book": "wiring",
    "accounts.policy": "wiring",
    "media.kit": "border",
    "media.serving": "border",
    "notify.delivery": "border",
    "notify.outbox": "steps",
    "notify.words": "border",
    "places.words": "border",
    "points.audit": "queries",
    "points.awarding": "steps",
    "points.budget_routes": "border",
    "points.budgets": "steps",
    "points.budgets_view": "queries",
    "points.chains": "queries",
    "points.claims": "steps",
    "points.dues": "models",
    "points.entries": "steps",
    "points.expiring": "steps",
    "points.explaining": "queries",
    "points.freezing": "steps",
    "points.holders": "steps",
    "points.ledger": "steps",
    "points.objecting": "usecases",
    "points.objection_models": "models",
    "points.objection_queries": "queries",
    "points.objection_routes": "border",
    "points.providing": "steps",
    "points.rebuilding": "queries",
    "points.reversing": "steps",
    "points.sheets": "queries",
    "points.spending": "steps",
    "points.upkeep": "usecases",
    "reports.answers": "steps",
    "reports.deciding": "steps",
    "reports.desk_routes": "border",
    "reports.intake": "usecases",
    "reports.listing": "queries",
    "reports.news": "steps",
    "reports.objection_news": "steps",
    "reports.pages": "border",
    "reports.points_routes": "border",
    "reports.thanks": "steps",
    "reports.views": "border",
}
