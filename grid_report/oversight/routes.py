"""What an auditor reads: acts of staff, the journal of points, one rider's and one service's part.

People are aliases to whoever does not manage members.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from flask import (
    Blueprint,
    Response,
    flash,
    redirect,
    render_template,
    request,
    stream_with_context,
    url_for,
)
from werkzeug.wrappers import Response as Answer

from grid_report import access, clock
from grid_report.accounts.aliases import rider_alias
from grid_report.accounts.members import identity_queries
from grid_report.accounts.members.audit_queries import Cursor, TrailFilter, TrailLine, list_trail
from grid_report.accounts.permissions import AUDIT_READ, MEMBERS_LOOK
from grid_report.errors import Invalid, NotFound
from grid_report.offers.redemptions import queries as redemptions_queries
from grid_report.oversight import forms, usecases
from grid_report.oversight.acts import TRAIL_ACTIONS
from grid_report.oversight.holders import shown_alias, shown_holder
from grid_report.places import queries as places_queries
from grid_report.points.audit.journal_queries import Event, JournalFilter, find_event, list_journal
from grid_report.points.history import queries as points_queries
from grid_report.points.kinds import EventKind
from grid_report.points.permissions import JOURNAL_READ
from grid_report.web import csv_files
from grid_report.web.context import current_actor, settings
from grid_report.web.pages import words
from grid_report.web.paging import BIGGEST_ID, pack, unpack_id
from grid_report.web.refused_forms import Errors, sentences, shown_again

bp = Blueprint("oversight", __name__, url_prefix="/oversight")

PAGE = 50
PART = 500  # rows of a file read at once
TRAIL_COLUMNS = ("id", "at", "actor", "action", "about", "details")
JOURNAL_COLUMNS = (
    "id", "at", "kind", "cause", "cause_id", "points", "rider", "actor", "approved_by",
    "community_code", "month", "rule", "tariff_version", "report", "redemption", "reverses",
    "verdict", "note", "phase", "amount", "from", "to",
)  # fmt: skip


@bp.get("/trail")
def trail() -> str:
    """Show what staff did, newest first."""
    actor, zone = current_actor(), settings().county.tz
    access.check(actor, AUDIT_READ)
    try:
        wanted, errors = forms.read_trail(request.args, zone), {}
    except Invalid as error:
        wanted, errors = TrailFilter(), sentences(error)
    before = forms.read_cursor(request.args.get("cursor"))
    lines, following = list_trail(wanted, actor=actor, before=before, limit=PAGE)
    shown = _filters("member", "action", "since", "until")
    ids = {it for line in lines for it in (line.actor_id, line.about_member) if it}
    return render_template(
        "oversight/trail.html",
        lines=lines,
        said=_said,
        actions=sorted((_said(code), code) for code in TRAIL_ACTIONS),
        names=identity_queries.names_for(actor, ids),
        filters=shown,
        errors=errors,
        **_around("oversight.trail", shown, before, following),
    )


@bp.get("/trail.csv")
def trail_file() -> Response:
    """Hand out the acts that are asked for, all of them."""
    actor, wanted = current_actor(), forms.read_trail(request.args, settings().county.tz)

    def part(before: Cursor | None) -> tuple[Iterable[TrailLine], Cursor | None]:
        return list_trail(wanted, actor=actor, before=before, limit=PART)

    def row(line: TrailLine) -> Iterator[tuple[csv_files.Cell, ...]]:
        details = json.dumps(dict(line.details), ensure_ascii=False, sort_keys=True)
        yield (
            line.id, line.at.isoformat(), shown_alias(line.actor_id), line.action,
            shown_alias(line.about_member) or line.about, details,
        )  # fmt: skip

    access.check(actor, AUDIT_READ)
    return _file(TRAIL_COLUMNS, part, row, "audit-trail.csv")


@bp.get("/journal")
def journal() -> str:
    """Show the events of the ledger with their transfers, newest first."""
    actor, zone = current_actor(), settings().county.tz
    access.check(actor, JOURNAL_READ)
    try:
        wanted, errors = forms.read_journal(request.args, zone), {}
    except Invalid as error:
        wanted, errors = JournalFilter(), sentences(error)
    before = forms.read_cursor(request.args.get("cursor"))
    events, following = list_journal(wanted, actor=actor, before=before, limit=PAGE)
    shown = _filters("account", "kind", "since", "until")
    return render_template(
        "oversight/journal.html",
        events=events,
        kinds=list(EventKind),
        filters=shown,
        account=wanted.account,
        errors=errors,
        **_people(events),
        **_around("oversight.journal", shown, before, following),
    )


@bp.get("/journal.csv")
def journal_file() -> Response:
    """Hand out the transfers that are asked for, a line each."""
    actor, wanted = current_actor(), forms.read_journal(request.args, settings().county.tz)

    def part(before: Cursor | None) -> tuple[Iterable[Event], Cursor | None]:
        return list_journal(wanted, actor=actor, before=before, limit=PART)

    def rows(it: Event) -> Iterator[tuple[csv_files.Cell, ...]]:
        about = (
            it.id, it.at.isoformat(), it.kind.value, it.cause, it.cause_id, it.points,
            shown_alias(it.rider_id), shown_alias(it.actor_id), shown_alias(it.approved_by_id),
            it.community_code, it.month, it.rule, it.tariff_version, it.report_number,
            it.redemption_ref, it.reverses_id, it.verdict.value if it.verdict else None, it.note,
        )  # fmt: skip
        for leg in it.legs:
            yield (
                *about,
                leg.phase.value,
                leg.amount,
                shown_holder(leg.debit),
                shown_holder(leg.credit),
            )
        if not it.legs:
            yield (*about, None, None, None, None)

    access.check(actor, JOURNAL_READ)
    return _file(JOURNAL_COLUMNS, part, rows, "journal.csv")


@bp.get("/journal/<int:event_id>")
def event(event_id: int) -> str:
    """Show one event of the ledger whole."""
    found = find_event(min(event_id, BIGGEST_ID), actor=current_actor())
    return render_template("oversight/event.html", it=found, **_people([found]))


@bp.get("/riders/<int:member_id>")
def rider(member_id: int) -> str:
    """Show a rider's points history as the rider has it, under the alias."""
    actor, now = current_actor(), clock.now()
    access.check(actor, JOURNAL_READ)
    member_id = min(member_id, BIGGEST_ID)
    if not identity_queries.is_member(member_id):
        raise NotFound
    before = unpack_id(request.args.get("cursor"))
    entries, following = points_queries.list_entries(member_id, before, PAGE)
    return render_template(
        "oversight/rider.html",
        member_id=member_id,
        name=identity_queries.names_for(actor, [member_id])[member_id],
        account=points_queries.rider_key(member_id),
        balance=points_queries.balance(member_id, now),
        entries=entries,
        waiting=points_queries.list_waiting(member_id) if before is None else (),
        is_first_page=before is None,
        next=pack(following) if following else "",
    )


@bp.get("/redemptions/<ref>")
def redemption(ref: str) -> str:
    """Show one service somebody took: its history and what it moved in the ledger."""
    actor = current_actor()
    access.check(actor, JOURNAL_READ)
    row = redemptions_queries.find_redemption(ref)
    events, _ = list_journal(JournalFilter(redemption=ref), actor=actor, limit=PART)
    entries = redemptions_queries.list_entries(row.redemption.id)
    ids = {row.redemption.rider_id, *(it.actor_id for it in entries if it.actor_id)}
    return render_template(
        "oversight/redemption.html", row=row, entries=entries, events=events, **_people(events, ids)
    )


@bp.post("/members/<int:member_id>/look")
def look(member_id: int) -> Answer:
    """Let an auditor see who a member is, for a reason that is kept."""
    actor = current_actor()
    access.check(actor, MEMBERS_LOOK)
    member_id = _somebody(member_id)
    try:
        reason = forms.read_reason(request.form)
    except Invalid as error:
        typed = request.form.get("reason", "")[:1000]
        return shown_again(error, lambda errors: _look_page(member_id, typed, errors))
    usecases.look_at_identity(member_id, reason, actor=actor, now=clock.now())
    flash(words.said("identity-shown"))
    return redirect(url_for("admin_members.show", member_id=member_id), 303)


@bp.get("/members/<int:member_id>/look")
def ask_look(member_id: int) -> str:
    """Ask why somebody's identity is to be looked at."""
    access.check(current_actor(), MEMBERS_LOOK)
    return _look_page(_somebody(member_id), "", {})


def _look_page(member_id: int, typed: str, errors: Errors) -> str:
    return render_template(
        "oversight/look.html",
        member_id=member_id,
        name=rider_alias(member_id),
        typed=typed,
        errors=errors,
    )


def _somebody(member_id: int) -> int:
    """Return the number of a member there is. Raises NotFound."""
    if not identity_queries.is_member(min(member_id, BIGGEST_ID)):
        raise NotFound
    return member_id


def _said(action: str) -> str:
    """Return what an act is called; one nobody has written about goes by its code."""
    try:
        return words.sentence("audit", action.replace(".", "-"))
    except LookupError:
        return action


def _filters(*names: str) -> dict[str, str]:
    return {name: request.args.get(name, "").replace("\x00", "")[:60] for name in names}


def _around(
    endpoint: str, shown: dict[str, str], before: Cursor | None, following: Cursor | None
) -> dict[str, str]:
    kept: dict[str, Any] = {name: value for name, value in shown.items() if value}
    return {
        "file": url_for(f"{endpoint}_file", **kept),
        "first": url_for(endpoint, **kept) if before else "",
        "next": url_for(endpoint, cursor=pack(following[0].isoformat(), following[1]), **kept)
        if following
        else "",
    }


def _people(events: Iterable[Event], more: Iterable[int] = ()) -> dict[str, Any]:
    """Return what pages of events need to name people and places."""
    ids = {
        member
        for it in events
        for member in (it.rider_id, it.actor_id, it.approved_by_id)
        if member is not None
    }
    return {
        "names": identity_queries.names_for(current_actor(), {*ids, *more}),
        "communities": places_queries.reference().communities,
        "account_words": shown_holder,
    }


def _file(
    columns: tuple[str, ...],
    part: Callable[[Cursor | None], tuple[Iterable[Any], Cursor | None]],
    rows: Callable[[Any], Iterator[tuple[csv_files.Cell, ...]]],
    name: str,
) -> Response:
    def all_rows() -> Iterator[tuple[csv_files.Cell, ...]]:
        yield columns
        before: Cursor | None = None
        while True:
            found, before = part(before)
            for one in found:
                yield from rows(one)
            if before is None:
                return

    answer = Response(
        stream_with_context(csv_files.lines(all_rows(), bom=True)),
        content_type=csv_files.MEDIA_TYPE,
    )
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer
