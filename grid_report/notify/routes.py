"""The inbox: list, open one, mark all read, how many are unread, and what else tells of them."""

from __future__ import annotations

from contextlib import suppress

from flask import (
    Blueprint,
    current_app,
    flash,
    jsonify,
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug.wrappers import Response

from grid_report import clock
from grid_report.errors import Busy, Invalid, NotFound
from grid_report.notify import message_views, queries, usecases
from grid_report.notify.kinds import NAMED_BY, page_for
from grid_report.places import queries as places_queries
from grid_report.web.context import current_actor, language, settings
from grid_report.web.pages.words import said
from grid_report.web.paging import pack, unpack

bp = Blueprint("notify", __name__)

PAGE = 30
BIGGEST_ID = 2**63 - 1


@bp.get("/inbox")
def inbox() -> str:
    """Show the member's messages, newest first."""
    cursor = unpack(request.args.get("cursor"), 1)
    before = cursor[0] if cursor else None
    if before is not None and (type(before) is not int or not 0 <= before <= BIGGEST_ID):
        raise Invalid.field("cursor", "cursor-unreadable")
    member_id = current_actor().member_id
    rows, following = queries.list_inbox(member_id, before=before, limit=PAGE)
    places = places_queries.reference()

    def category_name(code: str) -> str:
        found = places.category(code)
        return found.name(language()) if found else code

    return render_template(
        "notify/inbox.html",
        messages=message_views.lines(
            rows, category_name=category_name, now=clock.now(), zone=settings().county.tz
        ),
        unread_count=queries.count_unread(member_id),
        newest=rows[0].id if rows else 0,
        is_first_page=before is None,
        next=pack(following) if following else None,
        can_choose=before is None and bool(current_app.extensions["grid_report_channels"]),
    )


@bp.get("/inbox/<int:message_id>")
def open_message(message_id: int) -> Response:
    """Lead to what a message is about. Opening it is reading it."""
    member_id = current_actor().member_id
    found = queries.find_in_inbox(message_id, member_id) if message_id <= BIGGEST_ID else None
    if found is None:
        raise NotFound
    if not found.is_read:
        # The case matters more than the dot beside its message.
        with suppress(Busy):
            usecases.mark_read(message_id, member_id=member_id, now=clock.now())
    endpoint = page_for(found.kind, found.role)
    about = {NAMED_BY[endpoint]: found.about} if endpoint in NAMED_BY else {}
    return redirect(url_for(endpoint, **about), 303)  # type: ignore[arg-type]


@bp.post("/inbox/read")
def read_all() -> Response:
    """Mark everything read that the member was shown."""
    text = request.form.get("up_to", "")
    if not text.isascii() or not text.isdecimal() or int(text[:20]) > BIGGEST_ID:
        raise Invalid.field("up_to", "inbox-mark-unreadable")
    usecases.mark_all_read(
        member_id=current_actor().member_id, up_to=int(text[:20]), now=clock.now()
    )
    flash(said("inbox-read"))
    return redirect(url_for("notify.inbox"), 303)


@bp.get("/inbox/unread.json")
def unread() -> Response:
    """Say how many messages are unread; 100 stands for 100 or more."""
    response = jsonify(unread=queries.count_unread(current_actor().member_id))
    response.headers["Cache-Control"] = "private, no-store"
    return response
