"""From rows to the JSON of the contract, for one reader."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any

from flask import url_for

from grid_report import access
from grid_report.access import Actor
from grid_report.access.roles import Role
from grid_report.accounts.aliases import rider_alias
from grid_report.places.geo.reference import CommunityInfo, Reference
from grid_report.points.statement.queries import Entry
from grid_report.points.statement.trace_queries import Why
from grid_report.reports import clocks
from grid_report.reports.kept_models import KeptPhoto, KeptReport
from grid_report.reports.lifecycle import KeptState, Part, Step
from grid_report.reports.models import HistoryEntry, PhotoKind, ReportPhoto
from grid_report.reports.permissions import REPORT_PHOTOS, REPORT_SEE_REPORTER, parts
from grid_report.reports.sources import LocatedBy
from grid_report.web.pages.words import sentence


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


def photo(number: str, it: ReportPhoto | KeptPhoto) -> dict[str, Any]:
    """Write a photo with the addresses of its two sizes."""
    address = url_for("api.report_photo", number=number, photo_id=it.id)
    return {
        "id": it.id,
        "kind": it.kind.value,
        "width": it.width,
        "height": it.height,
        "main": f"{address}?size=main",
        "thumb": f"{address}?size=thumb",
    }


def _location(it: Any) -> dict[str, Any] | None:
    """Write where a report lies and how that was found; null for one left without a place."""
    if it.located_by is LocatedBy.NOWHERE:
        return None
    source = it.located_by.value if it.located_by else None
    return {"lat": it.lat, "lng": it.lng, "datum": "wgs84", "source": source}


def due(it: Any) -> dict[str, Any]:
    """Write the deadlines of a report."""
    return {
        "accept": instant(it.accept_due),
        "control": instant(it.control_due),
        "fix": instant(it.fix_due),
    }


def _case(lead: Any, photos: Sequence[ReportPhoto], number: str) -> dict[str, Any]:
    """Write how the case of a merged report stands; its photos under the report's own number."""
    return {
        "state": lead.state.value,
        "due": due(lead),
        "handled_at": instant(lead.handled_at),
        "closed_at": instant(lead.closed_at),
        "after": [photo(number, one) for one in photos if one.kind is PhotoKind.AFTER],
    }


def report(
    it: Any,
    photos: Sequence[ReportPhoto | KeptPhoto],
    *,
    actor: Actor,
    places: Reference,
    language: str,
    now: datetime,
    merged_into: str | None,
    points: int,
    case: Any = None,
    case_photos: Sequence[ReportPhoto] = (),
) -> dict[str, Any]:
    """Write one report, from a row or from a list's columns; what may not be seen is left out.

    `case` is the report that leads it, of a merged one; its rider reads the state of the case.
    """
    mine = parts(actor, it)
    category = places.category(it.category_code)
    unit = places.unit(it.unit_code)
    light = clocks.light(it.next_due, it.next_warn, now)
    shown = photos if access.allowed(actor, REPORT_PHOTOS, it) else ()
    body = {
        "number": it.number,
        "state": it.state.value,
        "light": light.value if light else None,
        "category": it.category_code,
        "category_name": category.name(language) if category else it.category_code,
        "group": it.group_code,
        "severity": it.severity,
        "description": it.description,
        "location": _location(it),
        "place_note": it.place_note,
        "community": community(places.community(it.community_code)),
        "matched_by": it.matched_by.value,
        "unit": it.unit_code,
        "unit_name": unit.name if unit else None,
        "created_at": instant(it.created_at),
        "sent_at": instant(it.sent_at or it.created_at),
        "taken_at": instant(it.taken_at),
        "due": due(it),
        "accepted_at": instant(it.accepted_at),
        "controlled_at": instant(it.controlled_at),
        "handled_at": instant(it.handled_at),
        "closed_at": instant(it.closed_at),
        "photos": [photo(it.number, each) for each in shown],
        "merged_into": merged_into,
        "case": _case(case, case_photos, it.number) if case and Part.RIDER in mine else None,
        "points": points if Part.RIDER in mine else None,
        "version": it.version,
        # What a report that waits for the proof waits for, and the page where its rider does that.
        "waits_for": {"proof_of": "number", "page": url_for("numbers.mine")}
        if it.state is KeptState.KEPT
        else None,
    }
    if access.allowed(actor, REPORT_SEE_REPORTER, it):
        body["reporter"] = {"alias": rider_alias(it.reporter_id)}
    return body


def kept_history(it: KeptReport, photos: Sequence[KeptPhoto]) -> list[dict[str, Any]]:
    """Write what happened to a report that waits for its rider's proof."""

    def step(taken: Step, came_from: str | None, to: str, at: datetime, **more: Any) -> Any:
        return {
            "step": taken.value, "from": came_from, "to": to, "at": instant(at),
            "role": Role.RIDER.value, "words": "", "photos": [], **more,
        }  # fmt: skip

    kept = KeptState.KEPT.value
    sent = [photo(it.number, each) for each in photos]
    found = [step(Step.SUBMIT, None, kept, it.created_at, words=it.description, photos=sent)]
    if it.withdrawn_at is not None:
        found.append(step(Step.WITHDRAW, kept, it.state.value, it.withdrawn_at))
    return found


def history(
    entry: HistoryEntry,
    photos: Sequence[ReportPhoto],
    number: str,
    *,
    is_staff: bool,
    reader_id: int,
) -> dict[str, Any]:
    """Write one step; internal words only for staff, those of another rider for nobody else."""
    words = [entry.words, entry.internal_note if is_staff else ""]
    if not is_staff and entry.role == Role.RIDER.value and entry.actor_id != reader_id:
        words, photos = [], ()
    return {
        "step": entry.step.value,
        "from": entry.from_state.value if entry.from_state else None,
        "to": entry.to_state.value,
        "at": instant(entry.at),
        "role": entry.role,
        "words": "\n".join(part for part in words if part),
        "photos": [photo(number, each) for each in photos],
    }


def entry(it: Entry) -> dict[str, Any]:
    """Write one line of a rider's statement."""
    return {
        "id": it.id,
        "points": it.points,
        "at": instant(it.at),
        "cause": it.cause,
        "words": sentence("points", "entry", kind=it.kind.value, rule=it.rule),
        "report": it.report_number,
        "redemption": it.redemption_ref,
    }


def why(it: Why, places: Reference, zone: tzinfo) -> dict[str, Any]:
    """Write the chain behind an entry; the links it does not have are null."""
    paid_by = places.community(it.community_code)
    lot = it.lot
    return {
        "entry": entry(it.entry),
        "note": it.entry.note,
        "decision": {"step": it.decision, "at": instant(it.decided_at)} if it.decision else None,
        "tariff": {
            "version": it.entry.tariff_version,
            "rule": it.entry.rule,
            "severity": it.entry.severity,
        }
        if it.entry.tariff_version
        else None,
        "award": {
            "points": lot.points,
            "community": {"code": paid_by.code, "name": paid_by.name} if paid_by else None,
            "from_reserve": it.from_reserve,
            "month": it.month,
            "waited_for": it.waited_for.value if it.waited_for else None,
            "free": lot.free,
            "held": lot.held,
            "last_day": lot.last_instant.astimezone(zone).date().isoformat(),
        }
        if lot
        else None,
        "spent": [
            {
                "points": part.points,
                "at": instant(part.at),
                "words": sentence("points", "entry", kind=part.kind.value, rule=None),
                "entry": part.entry_id,
                "redemption": part.redemption_ref,
            }
            for part in (lot.spent if lot else ())
        ],
        "paid_by": [
            {
                "points": part.points,
                "entry": part.entry_id,
                "rule": part.rule,
                "report": part.report_number,
            }
            for part in it.paid_by
        ],
        "held_until": instant(it.holds_until) if it.holds_until and it.is_held else None,
        "reverses": it.reverses_id,
    }
