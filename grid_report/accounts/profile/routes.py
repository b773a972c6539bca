"""Pages of guests and members about their own account."""

from __future__ import annotations

import contextlib
from secrets import token_urlsafe
from typing import Any

from flask import (
    Blueprint,
    current_app,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from werkzeug.wrappers import Response

from grid_report import clock
from grid_report.access.roles import Role
from grid_report.accounts import consent_queries, policy, queries
from grid_report.accounts.aliases import rider_alias
from grid_report.accounts.devices import queries as devices_queries
from grid_report.accounts.devices.routes import device_label, device_secrets, remember_device
from grid_report.accounts.errors import CodesUsedUp, MemberSuspended, SecondStepNeeded
from grid_report.accounts.leaving import export_queries
from grid_report.accounts.members import place_names
from grid_report.accounts.models import SignInKind
from grid_report.accounts.numbers import choice_forms, messenger
from grid_report.accounts.numbers import queries as numbers_queries
from grid_report.accounts.numbers.usecases import Choice
from grid_report.accounts.profile import forms, usecases
from grid_report.accounts.sign_in import sign_out_usecases
from grid_report.accounts.sign_in import usecases as sign_in_usecases
from grid_report.accounts.tokens import CODE_MINUTES, SignedIn
from grid_report.errors import GridReportError, NotFound, TooMany
from grid_report.web.context import actor_or_none, client_address, current_actor, language, settings
from grid_report.web.guard import public
from grid_report.web.http import signin
from grid_report.web.pages.preferences import YEAR_S, own_path
from grid_report.web.pages.words import said
from grid_report.web.refused_forms import REFUSED, Errors, shown_again

bp = Blueprint("accounts", __name__)

# The forms about accounts say it themselves when an account is suspended.
AGAIN = (*REFUSED, MemberSuspended)

_CODE_PHONE = "code_phone"
_CODE_ASKER = "code_asker"


def form_page(template: str, error: GridReportError | None = None, **context: Any) -> Response:
    """Show a form, or one that was refused with the typed words still in it."""

    def page(errors: Errors) -> str:
        refusal = " ".join(errors.pop("form", ()))
        return render_template(template, errors=errors, refusal=refusal, **context)

    return make_response(page({})) if error is None else shown_again(error, page)


def welcome(signed_in: SignedIn) -> Response:
    """Sign the browser in and send it where it wanted to go."""
    before = actor_or_none()
    if before and before.sign_in_id:
        sign_out_usecases.sign_out(before.sign_in_id, now=clock.now())
    target = own_path(request.values.get("next"))
    signin.establish(signed_in.actor, signed_in.sign_in_id, signed_in.secret)
    response = redirect(target, 303)
    remember_device(response, signed_in)
    if "language" not in request.cookies:
        _remember_language(response, signed_in.actor.language)
    return response


def _remember_language(response: Response, chosen: str) -> None:
    response.set_cookie(
        "language",
        chosen,
        max_age=YEAR_S,
        samesite="Lax",
        secure=settings().security.secure_cookies,
        httponly=True,
    )


def next_path() -> str:
    """Return where this browser wanted to go; '' for nowhere."""
    return own_path(request.values.get("next"), "")


def _sign_in_page() -> dict[str, Any]:
    rows = queries.list_demo_sign_ins(policy.current().vault) if settings().demo.enabled else []
    names = place_names.kept()
    demo = [(row, place_names.name_at(names, row.role, row.place)) for row in rows]
    return {"next": next_path(), "demo": demo, "by_code": messenger.current() is not None}


@bp.get("/sign-in")
@public
def sign_in() -> Response:
    """Ask for number and password."""
    if actor_or_none():
        return redirect(own_path(request.args.get("next")), 303)
    return form_page("accounts/sign_in.html", form={}, **_sign_in_page())


@bp.post("/sign-in")
@public
def send_sign_in() -> Response:
    """Sign in by number and password."""
    try:
        signed_in = sign_in_usecases.sign_in_with_password(
            forms.text(request.form, "phone"),
            forms.secret(request.form, "password"),
            kind=SignInKind.BROWSER,
            label=device_label(),
            address=client_address(),
            policy=policy.current(),
            now=clock.now(),
            secrets=device_secrets(),
        )
    except SecondStepNeeded as needed:
        return choice_forms.ask_second(needed.step, next_path(), clock.now())
    except AGAIN as error:
        return form_page(
            "accounts/sign_in.html", error, form=forms.typed(request.form), **_sign_in_page()
        )
    return welcome(signed_in)


def _messenger() -> messenger.Messenger:
    found = messenger.current()
    if found is None:
        raise NotFound
    return found


@bp.get("/sign-in/code")
@public
def code() -> Response:
    """Ask which number to send a code to."""
    _messenger()
    return form_page("accounts/code.html", form={}, next=next_path())


@bp.post("/sign-in/code")
@public
def send_code() -> Response:
    """Send a code, if the number is a member's; the answer is the same if it is not."""
    sender, now = _messenger(), clock.now()
    phone = forms.text(request.form, "phone")
    keeper = policy.current()
    asker = session.get(_CODE_ASKER) or token_urlsafe(16)
    try:
        message = sign_in_usecases.request_code(
            phone,
            secrets=device_secrets(),
            asker=asker,
            address=client_address(),
            policy=keeper,
            now=now,
            # On a screen the answer for a number without an account would show by its absence.
            for_everybody=messenger.on_screen(sender),
        )
    except AGAIN as error:
        return form_page(
            "accounts/code.html", error, form=forms.typed(request.form), next=next_path()
        )
    session[_CODE_PHONE], session[_CODE_ASKER] = keeper.vault.wrap(phone), asker
    flash(said("code-sent", minutes=CODE_MINUTES))
    response = redirect(url_for("accounts.enter_code", next=next_path() or None), 303)
    if message:
        messenger.hand_over(sender, message, response)
    return response


@bp.get("/sign-in/code/enter")
@public
def enter_code() -> Response:
    """Ask for the code that was sent."""
    _messenger()
    if _CODE_PHONE not in session:
        return redirect(url_for("accounts.code", next=next_path() or None), 303)
    return form_page("accounts/code_enter.html", next=next_path())


@bp.post("/sign-in/code/enter")
@public
def use_code() -> Response:
    """Sign in by the code that was sent."""
    _messenger()
    keeper = policy.current()
    phone = keeper.vault.unwrap(session.get(_CODE_PHONE, ""))
    if phone is None:
        return redirect(url_for("accounts.code", next=next_path() or None), 303)
    try:
        signed_in = sign_in_usecases.sign_in_with_code(
            phone,
            forms.text(request.form, "code"),
            kind=SignInKind.BROWSER,
            label=device_label(),
            address=client_address(),
            policy=keeper,
            now=clock.now(),
            secrets=device_secrets(),
            asker=session.get(_CODE_ASKER, ""),
        )
    except AGAIN as error:
        return form_page("accounts/code_enter.html", error, next=next_path())
    if isinstance(signed_in, Choice):
        return choice_forms.keep(signed_in)
    return welcome(signed_in)


@bp.get("/sign-up")
@public
def sign_up() -> Response:
    """Ask a guest for what an account needs, and why."""
    if actor_or_none():
        return redirect(own_path(request.args.get("next")), 303)
    page = render_template(
        "accounts/sign_up.html",
        form={},
        errors={},
        refusal="",
        next=next_path(),
        notice_version=policy.NOTICE_VERSION,
    )
    return make_response(page)


@bp.post("/sign-up")
@public
def send_sign_up() -> Response:
    """Make a rider of a guest."""
    sent = forms.SignUp.read(request.form)
    try:
        signed_in = usecases.sign_up_rider(
            phone=sent.phone,
            password=sent.password,
            name=sent.name,
            language=language(),
            consents=sent.consents,
            notice_version=sent.notice_version,
            is_16=sent.is_16,
            label=device_label(),
            address=client_address(),
            policy=policy.current(),
            now=clock.now(),
            choice=choice_forms.kept(),
        )
    except AGAIN as error:
        return form_page(
            "accounts/sign_up.html",
            error,
            form=forms.typed(request.form),
            next=next_path(),
            notice_version=policy.NOTICE_VERSION,
        )
    response = welcome(signed_in)
    flash(said("welcome"))
    if numbers_queries.is_proved(signed_in.actor.member_id):
        return response
    response.headers["Location"] = url_for("numbers.mine", next=next_path() or None)
    # Said by the page when no more codes may be sent; the account is there all the same.
    with contextlib.suppress(TooMany, CodesUsedUp):
        choice_forms.send_proof(response, signed_in.actor, clock.now())
    return response


@bp.post("/sign-out")
@public
def sign_out() -> Response:
    """Sign this browser out; harmless when it already is."""
    actor = actor_or_none()
    if actor and actor.sign_in_id:
        sign_out_usecases.sign_out(actor.sign_in_id, now=clock.now())
    signin.forget()
    flash(said("signed-out"))
    return redirect(url_for("accounts.sign_in"), 303)


@bp.get("/privacy")
@public
def privacy() -> str:
    """Show the notice: short first, each purpose in full below."""
    return render_template("accounts/privacy.html", version=policy.NOTICE_VERSION, next=next_path())


def _me_page() -> dict[str, Any]:
    actor, vault = current_actor(), policy.current().vault
    member = queries.find_member(actor.member_id, actor=actor, vault=vault)
    acts = consent_queries.list_acts(actor.member_id)
    names = place_names.kept()
    return {
        "member": member,
        "alias": rider_alias(actor.member_id) if actor.holds_any(Role.RIDER) else "",
        "places": {g.id: place_names.name_at(names, g.role, g.place) for g in member.grants},
        "devices": devices_queries.list_own_sign_ins(actor.member_id, clock.now()),
        "this_device": actor.sign_in_id,
        "remembered": devices_queries.list_own_devices(actor.member_id, clock.now()),
        "acts": acts,
        "agreed": {
            row.kind.value for row in consent_queries.agreements(acts) if not row.withdrawn_at
        },
        "notice_version": policy.NOTICE_VERSION,
        "by_code": messenger.current() is not None,
        "can_choose_news": bool(current_app.extensions["grid_report_channels"]),
        "departure": export_queries.departure_of(actor.member_id),
    }


def _me_again(error: GridReportError, part: str) -> Response:
    form = forms.typed(request.form)
    return form_page("accounts/me.html", error, form=form, part=part, **_me_page())


@bp.get("/me")
def me() -> Response:
    """Show a member's own account."""
    return form_page("accounts/me.html", form={}, part="", **_me_page())


@bp.post("/me/profile")
def change_profile() -> Response:
    """Keep name and language."""
    chosen = forms.text(request.form, "language", 8)
    try:
        usecases.change_profile(
            name=forms.text(request.form, "name"),
            language=chosen,
            actor=current_actor(),
            now=clock.now(),
        )
    except AGAIN as error:
        return _me_again(error, "profile")
    response = redirect(url_for("accounts.me"), 303)
    _remember_language(response, chosen)
    flash(said("profile-saved"))
    return response


@bp.post("/me/password")
def change_password() -> Response:
    """Choose a new password."""
    try:
        usecases.change_password(
            current=forms.secret(request.form, "current"),
            new=forms.secret(request.form, "new"),
            actor=current_actor(),
            policy=policy.current(),
            now=clock.now(),
        )
    except AGAIN as error:
        return _me_again(error, "password")
    flash(said("password-changed"))
    return redirect(url_for("accounts.me"), 303)


@bp.post("/me/devices/<int:sign_in_id>/revoke")
def revoke_device(sign_in_id: int) -> Response:
    """End one of the member's browsers or tokens."""
    sign_out_usecases.revoke_sign_in(sign_in_id, actor=current_actor(), now=clock.now())
    flash(said("device-signed-out"))
    return redirect(url_for("accounts.me"), 303)


@bp.post("/me/sign-out-everywhere")
def sign_out_everywhere() -> Response:
    """End every browser and token of the member, this one too."""
    actor = current_actor()
    sign_out_usecases.sign_out_everywhere(actor.member_id, actor=actor, now=clock.now())
    signin.forget()
    flash(said("signed-out-everywhere"))
    return redirect(url_for("accounts.sign_in"), 303)
