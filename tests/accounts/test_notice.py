"""The notice people agree to: what it says has a version, and an agreement is to what it said then."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from grid_report.accounts.consent_kinds import ConsentKind
from grid_report.accounts.models import ConsentAct
from grid_report.accounts.policy import NOTICE_VERSION
from grid_report.db import transaction
from tests.support.builders import Make

ROOT = Path(__file__).resolve().parents[2]
# What each version said, as the first letters of the template's digest.
SAID = {"2027-01": "cafaf1fc0dad2b23", "2027-02": "709569bd4d29587e"}


def test_another_text_is_another_version() -> None:
    text = (ROOT / "templates/accounts/privacy.html").read_bytes()
    assert SAID[NOTICE_VERSION] == hashlib.sha256(text).hexdigest()[:16]


@pytest.mark.database
@pytest.mark.parametrize(("version", "asks"), [("2026-11", False), ("2027-01", True)])
def test_services_nearby_ask_the_phone_of_whoever_agreed_to_that(
    make: Make, version: str, asks: bool
) -> None:
    """A newer notice about something else takes nothing back."""
    rider = make.rider(consents=())
    with transaction() as session:
        session.add(
            ConsentAct(
                member_id=rider.member_id, kind=ConsentKind.POSITION, agreed=True,
                notice_version=version, at=make.now,
            )
        )  # fmt: skip
    assert ("data-near=" in make.signed_in(rider).get("/services").text) is asks
