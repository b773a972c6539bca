"""What the use cases of this domain need to know of the settings, in one value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from flask import current_app

from grid_report.accounts.passwords import Hasher
from grid_report.accounts.phones import Vault
from grid_report.settings import Limits, Settings

# The privacy notice people agree to; a new text gets a new version (templates/accounts/privacy.html).
NOTICE_VERSION: Final = "2027-02"
# Since this one it says that riders about to report the same spot see a photo. Versions sort by time.
SHOWN_NEARBY_SINCE: Final = "2027-01"
# Since this one it says that the position is read for services nearby too.
READ_NEARBY_SINCE: Final = "2026-12"

_KEY = "grid_report_accounts_policy"


@dataclass(frozen=True)
class Policy:
    """How members are found, recognised and slowed down."""

    vault: Vault
    hasher: Hasher
    limits: Limits
    session_days: int
    staff_hours: int
    token_days: int
    number_sleep_days: int
    zone: ZoneInfo
    county: str
    # Whether some roles confirm a code when they sign in with a password on a new browser.
    second_step: bool = False
    # Codes a day of the county that may be sent; None where sending costs nothing.
    codes_per_day: int | None = None
    notice_version: str = NOTICE_VERSION


def policy_of(settings: Settings, *, hasher: Hasher | None = None) -> Policy:
    """Derive the policy of an installation. Tests hand in a cheaper hasher."""
    return Policy(
        vault=Vault(settings.secret()),
        hasher=hasher or Hasher(),
        limits=settings.limits,
        session_days=settings.security.session_days,
        staff_hours=settings.security.staff_hours,
        token_days=settings.security.token_days,
        number_sleep_days=settings.security.number_sleep_days,
        zone=settings.county.tz,
        county=settings.county.code,
        # The demo prints everybody's password beside the button: there is nothing to guard.
        second_step=settings.security.second_step and not settings.demo.enabled,
        codes_per_day=settings.sms.most_per_day if settings.sms.endpoint else None,
    )


def current() -> Policy:
    """Return the running app's policy. For routes, jobs and commands."""
    extensions = current_app.extensions
    if _KEY not in extensions:
        extensions[_KEY] = policy_of(extensions["grid_report"].settings)
    policy: Policy = extensions[_KEY]
    return policy
