"""What a browser keeps between a right code and the account it opens, and codes on their way."""

from __future__ import annotations

from datetime import datetime

from flask import flash, redirect, request, session, url_for
from werkzeug.wrappers import Response

from grid_report.access import Actor
from grid_report.accounts import policy
from grid_report.accounts.errors import CodesUsedUp, SecondStep
from grid_report.accounts.numbers import messenger, usecases
from grid_report.accounts.numbers.usecases import Choice
from grid_report.accounts.sign_in import second_step_usecases
from grid_report.accounts.tokens import CODE_MINUTES
from grid_report.errors import TooMany
from grid_report.web.pages.preferences import own_path
from grid_report.web.pages.words import error_sentence, said

_CHOICE = "number_choice"
_STEP = "second_step"


def keep(choice: Choice) -> Response:
    """Remember in this browser what a right code lets its owner choose, and ask."""
    text = f"{choice.code_id}|{int(choice.known)}|{choice.phone}"
    session[_CHOICE] = policy.current().vault.wrap(text)
    return redirect(
        url_for("numbers.choice", next=own_path(request.values.get("next"), "") or None), 303
    )


def kept() -> Choice | None:
    """Return what this browser may choose; None when it has no right code behind it."""
    text = policy.current().vault.unwrap(session.get(_CHOICE, ""))
    if text is None:
        return None
    code_id, known, phone = text.split("|")
    return Choice(int(code_id), phone, known == "1")


def forget() -> None:
    """Forget the choice: it was made."""
    session.pop(_CHOICE, None)


def _keep_step(step: SecondStep) -> None:
    parts = (step.member_id, step.at.isoformat(), step.asker, step.mark, step.phone)
    session[_STEP] = policy.current().vault.wrap("|".join(map(str, parts)))


def kept_step() -> SecondStep | None:
    """Return the second step this browser is at; None when no right password is behind it."""
    text = policy.current().vault.unwrap(session.get(_STEP, ""))
    if text is None:
        return None
    member_id, at, asker, mark, phone = text.split("|")
    return SecondStep(int(member_id), phone, asker, mark, datetime.fromisoformat(at))


def ask_second(step: SecondStep, target: str, now: datetime) -> Response:
    """Remember whose password was right, send a code as far as one may be sent, ask for it.

    The browser is signed in as nobody yet.
    """
    _keep_step(step)
    response = redirect(url_for("second.ask", next=target or None), 303)
    sender = messenger.current()
    if sender is not None:
        try:
            message = second_step_usecases.request_step_code(step, policy=policy.current(), now=now)
        except (TooMany, CodesUsedUp) as error:
            # The step goes on all the same: the operator can help with a code.
            flash(error_sentence(error))
        else:
            flash(said("second-code-sent", minutes=CODE_MINUTES))
            messenger.hand_over(sender, message, response)
    return response


def forget_step() -> None:
    """Forget the second step: it is over."""
    session.pop(_STEP, None)


def send_proof(response: Response, actor: Actor, now: datetime) -> None:
    """Send a code to the number the member claims, when the answer is out.

    Raises as `usecases.request_proof`.
    """
    sender = messenger.current()
    if sender is None:
        return
    message = usecases.request_proof(actor=actor, policy=policy.current(), now=now)
    flash(said("proof-sent", minutes=CODE_MINUTES))
    messenger.hand_over(sender, message, response)
