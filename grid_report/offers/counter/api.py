"""Calls of the API: a station scans a voucher and confirms it."""

from __future__ import annotations

from typing import Any

from flask import Response

from grid_report import access, clock
from grid_report.accounts import queries as accounts_queries
from grid_report.errors import Invalid
from grid_report.offers.counter import shapes, usecases
from grid_report.offers.counter.commands import Scan
from grid_report.offers.redemptions import queries as redemptions_queries
from grid_report.offers.redemptions.permissions import STATION_OPEN
from grid_report.web.api.operations import bp, operation
from grid_report.web.api.reading import answer, json_body
from grid_report.web.context import current_actor, language
from grid_report.web.text import clean


@bp.post("/vouchers/scan")
@operation(
    summary="Look at a voucher; nothing about it changes",
    json=shapes.ScanRequest,
    answers={200: shapes.VoucherPreview},
    refuses=(403, 409, 415, 422),
)
def scan_voucher() -> Response:
    """Say what a voucher is for, and for whom."""
    actor = current_actor()
    access.check(actor, STATION_OPEN)
    body = json_body(shapes.ScanRequest)
    found = usecases.scan(_scan(body), actor=actor, now=clock.now())
    row = redemptions_queries.find_redemption(found.ref)
    names = accounts_queries.names_of([found.rider_id])
    shown = shapes.VoucherPreview.of(row, names.get(found.rider_id, ""), language())
    return answer(shown)


def _scan(body: dict[str, Any]) -> Scan:
    """Take a program at its word: any text is a code, if only a wrong one."""
    qr, code = clean(body.get("qr")), clean(body.get("code"))
    if not qr and not code:
        raise Invalid.field("qr", "code-needed")
    return Scan(qr=qr, digits="" if qr else code.replace(" ", ""))


@bp.post("/vouchers/confirm")
@operation(
    summary="Hand it out, exactly once",
    json=shapes.ConfirmRequest,
    answers={200: shapes.VoucherConfirmed},
    refuses=(403, 409, 415, 422),
)
def confirm_voucher() -> Response:
    """Confirm a voucher that was scanned; the same nonce answers as before."""
    actor = current_actor()
    access.check(actor, STATION_OPEN)
    body = json_body(shapes.ConfirmRequest)
    done = usecases.confirm(clean(body["ref"]), clean(body["nonce"]), actor=actor, now=clock.now())
    return answer(shapes.VoucherConfirmed.of(done.redemption), replayed=done.replayed)
