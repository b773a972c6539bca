"""From rows to the JSON of the contract, for one reader."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from grid_report.places.geo.reference import CommunityInfo


def instant(at: datetime | None) -> str | None:
    """Write an instant as RFC 3339 in UTC."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else None


def community(found: CommunityInfo | None) -> dict[str, Any] | None:
    """Write a community with its street."""
    if found is None:
        return None
    return {
        "code": found.code,
        "name": found.name,
        "street": {"code": found.street_code, "name": found.street_name},
    }
