"""Pages of administrators about members and their roles."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from grid_report import clock
from grid_report.access import allowed, check
from grid_report.access.roles import HELD_AT, Role
from grid_report.accounts import policy, queries
from grid_report.accounts.members import place_names, usecases
from grid_report.accounts.members.identity_queries import has_looked
from grid_report.accounts.numbers import usecases as numbers_usecases
from grid_report.accounts.permissions import MEMBERS_LOOK, MEMBERS_MANAGE, MEMBERS_READ
from grid_report.accounts.profile import forms as profile_forms
from grid_report.accounts.profile.routes import AGAIN, form_page
from grid_report.accounts.queries import MemberRow
from grid_report.accounts.sign_in import sign_out_usecases
from grid_report.errors import GridReportError, NotFound
from grid_report.web.context import current_actor
from grid_report.web.pages.words import said

bp = Blueprint("admin_members", __name__, url_prefix="/admin/members")

PAGE = 50


def _places(members: list[MemberRow]) -> dict[str, Any]:
    """Return what both pages need: roles, places by kind as (code, name), names of places held."""
    names = place_names.kept()
    kinds = dict.fromkeys(kind for kind in HELD_AT.values() if kind)
    places = {kind: sorted(names(kind).items()) for kind in kinds}
    return {
        "roles": list(Role),
        "places": {kind: found for kind, found in places.items() if found},
        "place_names": {
            grant.id: place_names.name_at(names, grant.role, grant.place)
            for member in members
            for grant in member.grants
        },
    }


@bp.get("")
def index() -> str:
    """List and search members."""
    wanted = profile_forms.member_filter(request.args)
    rows, last_id = queries.list_members(
        wanted,
        actor=current_actor(),
        vault=policy.current().vault,
        before_id=profile_forms.cursor(request.args),
        limit=PAGE,
    )
    here = {"q": wanted.q, "role": wanted.role or "", "place": wanted.place}
    kept: dict[str, Any] = {name: value for name, value in here.items() if value}
    return render_template(
        "admin/members/members.html",
        members=rows,
        named=allowed(current_actor(), MEMBERS_MANAGE),
        filters=here,
        first=url_for("admin_members.index", **kept) if "cursor" in request.args else "",
        next=url_for("admin_members.index", cursor=last_id, **kept) if last_id else "",
        **_places(rows),
    )


@bp.get("/new")
def new() -> Response:
    """Ask for what a new member needs."""
    check(current_actor(), MEMBERS_MANAGE)
    return form_page("admin/members/members_new.html", form={}, **_places([]))


@bp.post("")
def create() -> Response:
    """Create a member with a first role."""
    check(current_actor(), MEMBERS_MANAGE)
    try:
        member_id = usecases.create_member(
            phone=profile_forms.text(request.form, "phone"),
            password=profile_forms.secret(request.form, "password") or None,
            name=profile_forms.text(request.form, "name"),
            language=profile_forms.text(request.form, "language", 8),
            grants=[profile_forms.grant(request.form)],
            policy=policy.current(),
            place_exists=place_names.exists,
            actor=current_actor(),
            now=clock.now(),
        )
    except AGAIN as error:
        form = profile_forms.typed(request.form)
        return form_page("admin/members/members_new.html", error, form=form, **_places([]))
    flash(said("member-created"))
    return redirect(url_for("admin_members.show", member_id=member_id), 303)


def _one(member_id: int) -> dict[str, Any]:
    actor = current_actor()
    check(actor, MEMBERS_READ)
    may_look = allowed(actor, MEMBERS_LOOK)
    looked = may_look and has_looked(actor, member_id, clock.now())
    vault = policy.current().vault
    member = queries.find_member(member_id, actor=actor, vault=vault, looked=looked)
    return {
        "member": member,
        "may_look": may_look and not looked and actor.member_id != member_id,
        "may_manage": allowed(actor, MEMBERS_MANAGE),
        "is_me": actor.member_id == member_id,
        "is_rider": any(grant.role is Role.RIDER for grant in member.grants),
        **_places([member]),
    }


def _one_again(member_id: int, error: GridReportError) -> Response:
    form = profile_forms.typed(request.form)
    return form_page("admin/members/members_one.html", error, form=form, **_one(member_id))


@bp.get("/<int:member_id>")
def show(member_id: int) -> Response:
    """Show one member and the roles held."""
    return form_page("admin/members/members_one.html", form={}, **_one(member_id))


def _back(member_id: int, done: str) -> Response:
    flash(said(done))
    return redirect(url_for("admin_members.show", member_id=member_id), 303)


@bp.post("/<int:member_id>/roles")
def grant_role(member_id: int) -> Response:
    """Let the member hold one more role."""
    check(current_actor(), MEMBERS_MANAGE)
    try:
        usecases.grant_role(
            member_id,
            profile_forms.grant(request.form),
            place_exists=place_names.exists,
            actor=current_actor(),
            now=clock.now(),
        )
    except AGAIN as error:
        return _one_again(member_id, error)
    return _back(member_id, "role-granted")


@bp.post("/<int:member_id>/roles/<int:grant_id>/revoke")
def revoke_role(member_id: int, grant_id: int) -> Response:
    """Take one role away."""
    actor = current_actor()
    check(actor, MEMBERS_MANAGE)
    grant = queries.find_grant(member_id, grant_id)
    if grant is None:
        raise NotFound
    try:
        usecases.revoke_role(member_id, grant, actor=actor, now=clock.now())
    except AGAIN as error:
        return _one_again(member_id, error)
    return _back(member_id, "role-revoked")


@bp.post("/<int:member_id>/number")
def give_number(member_id: int) -> Response:
    """Give the member a number, or the account back to its person."""
    check(current_actor(), MEMBERS_MANAGE)
    try:
        numbers_usecases.give_number(
            member_id,
            profile_forms.text(request.form, "phone"),
            take=bool(request.form.get("take")),
            actor=current_actor(),
            policy=policy.current(),
            now=clock.now(),
        )
    except AGAIN as error:
        return _one_again(member_id, error)
    return _back(member_id, "number-given")


@bp.post("/<int:member_id>/suspend")
def suspend(member_id: int) -> Response:
    """Shut the member out."""
    try:
        usecases.suspend_member(member_id, actor=current_actor(), now=clock.now())
    except AGAIN as error:
        return _one_again(member_id, error)
    return _back(member_id, "member-is-suspended")


@bp.post("/<int:member_id>/restore")
def restore(member_id: int) -> Response:
    """Let the member in again."""
    usecases.restore_member(member_id, actor=current_actor(), now=clock.now())
    return _back(member_id, "member-restored")


@bp.post("/<int:member_id>/points/stop")
def stop_points(member_id: int) -> Response:
    """Let the member earn nothing from now on."""
    try:
        usecases.stop_points(
            member_id,
            reason=profile_forms.reason(request.form),
            actor=current_actor(),
            now=clock.now(),
        )
    except AGAIN as error:
        return _one_again(member_id, error)
    return _back(member_id, "points-stopped")


@bp.post("/<int:member_id>/points/allow")
def allow_points(member_id: int) -> Response:
    """Let the member earn again."""
    usecases.allow_points(member_id, actor=current_actor(), now=clock.now())
    return _back(member_id, "points-allowed")


@bp.post("/<int:member_id>/sign-out")
def sign_out(member_id: int) -> Response:
    """End every sign-in of the member."""
    sign_out_usecases.sign_out_everywhere(member_id, actor=current_actor(), now=clock.now())
    return _back(member_id, "member-signed-out")
