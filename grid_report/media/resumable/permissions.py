"""Who may send photos in parts, and whose they are."""

from __future__ import annotations

from typing import Final, Protocol

from grid_report.access import Actor, Permission, anyone_with
from grid_report.access.roles import Role


class Owned(Protocol):
    """Something one member sent."""

    @property
    def member_id(self) -> int: ...


def _is_own(who: Actor, it: Owned) -> bool:
    return it.member_id == who.member_id


# Whoever sends reports or takes steps that may come with photos.
_may_begin: Final = anyone_with(Role.RIDER, Role.WORKER, Role.SUPERVISOR, Role.HANDLER)

UPLOAD_BEGIN: Final = Permission("upload.begin", _may_begin)
UPLOAD_CONTINUE: Final = Permission(
    "upload.continue", lambda who, it: _may_begin(who, it) and _is_own(who, it), knows=_is_own
)
