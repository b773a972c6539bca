"""What this domain refuses beyond a badly filled field."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from grid_report.errors import Conflict, FieldProblem, Forbidden, Invalid


@dataclass(frozen=True)
class SecondStep:
    """A right password on a new browser. `mark` tells whether the password is still the same."""

    member_id: int
    phone: str = field(repr=False)
    asker: str = field(repr=False)
    mark: str = field(repr=False)
    at: datetime


@dataclass(eq=False)
class WrongPassword(Invalid):
    """No such pair of number and password. Never says which of the two it was."""

    code: ClassVar[str] = "phone-or-password-wrong"
    status: ClassVar[int] = 401
    problems: dict[str, list[FieldProblem]] = field(
        default_factory=lambda: {"password": [FieldProblem("phone-or-password-wrong")]}
    )


@dataclass(eq=False)
class WrongCode(Invalid):
    """The code is wrong, used, too old, tried too often, or was never sent.

    Codes are made for every number, members or not: the reason says nothing about a number.
    """

    code: ClassVar[str] = "sms-code-wrong"
    status: ClassVar[int] = 401
    problems: dict[str, list[FieldProblem]] = field(
        default_factory=lambda: {"code": [FieldProblem("sms-code-wrong")]}
    )


class NumberUnproved(Conflict):
    """Nothing is earned or redeemed before the phone number is proved."""

    code: ClassVar[str] = "number-unproved"


class CodesUsedUp(Conflict):
    """What the county may spend on messages in a day is spent."""

    code: ClassVar[str] = "codes-used-up"


class NumberProvedBefore(Conflict):
    """The member's number is proved; there is nothing left to confirm."""

    code: ClassVar[str] = "number-proved-before"


class NumberHeld(Conflict):
    """Another account has proved this number; only an administrator moves it."""

    code: ClassVar[str] = "number-held"


@dataclass(eq=False)
class NoSuchClaim(Invalid):
    """Nobody waits under this number with this code or name. Never says which of the two."""

    problems: dict[str, list[FieldProblem]] = field(
        default_factory=lambda: {"known_by": [FieldProblem("claim-not-found")]}
    )


class ChoiceOver(Conflict):
    """The code that opened the choice is used up or older than a quarter of an hour."""

    code: ClassVar[str] = "choice-over"


class SecondStepNeeded(Conflict):
    """The password is right, the browser new: nobody is signed in before a code is confirmed."""

    code: ClassVar[str] = "second-step-needed"

    def __init__(self, step: SecondStep) -> None:
        super().__init__()
        self.step = step


class SecondStepOver(Conflict):
    """A quarter of an hour went by, or the password or number was changed meanwhile."""

    code: ClassVar[str] = "second-step-over"


class MemberSuspended(Forbidden):
    """Said only to somebody who has just proven to be that member."""

    code: ClassVar[str] = "member-suspended"


class LastAdministrator(Conflict):
    """Without an administrator nobody could ever make another one."""

    code: ClassVar[str] = "last-administrator"


class NotOneself(Conflict):
    """Administrators do not suspend themselves."""

    code: ClassVar[str] = "not-oneself"
