"""What this domain refuses beyond a badly filled field."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from grid_report.errors import Conflict, FieldProblem, Forbidden, Invalid


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
    """The code is wrong, used, too old, tried too often, or was never sent."""

    code: ClassVar[str] = "sms-code-wrong"
    status: ClassVar[int] = 401
    problems: dict[str, list[FieldProblem]] = field(
        default_factory=lambda: {"code": [FieldProblem("sms-code-wrong")]}
    )


class MemberSuspended(Forbidden):
    """Said only to somebody who has just proven to be that member."""

    code: ClassVar[str] = "member-suspended"


class LastAdministrator(Conflict):
    """Without an administrator nobody could ever make another one."""

    code: ClassVar[str] = "last-administrator"


class NotOneself(Conflict):
    """Administrators do not suspend themselves."""

    code: ClassVar[str] = "not-oneself"
