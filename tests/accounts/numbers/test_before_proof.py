"""What a rider can do, and cannot, before the number is proved."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from grid_report.accounts.errors import (
    NumberUnproved,
)
from grid_report.accounts.models import (
    Standing,
)
from grid_report.points.history.queries import balance
from grid_report.points.kinds import UnpaidReason
from grid_report.points.learning.handbook import UNITS
from grid_report.points.learning.usecases import award_learning
from grid_report.points.ledger.award_requests import why_not
from grid_report.points.policy import terms_of
from tests.accounts.numbers.proving import (
    NOW,
    proved,
    sign_up,
)
from tests.support.builders import Make

pytestmark = pytest.mark.database


def test_nothing_is_earned_before_the_number_is_proved_and_something_after(make: Make) -> None:
    rider, worker = sign_up(make), make.worker()
    make.accepted(worker, rider, category="RD01")
    assert balance(rider.member_id).available == 0
    proved(make, rider)
    make.accepted(worker, rider)
    assert balance(rider.member_id).available > 0


def test_what_was_sent_unproved_is_never_paid_also_when_accepted_after_the_proof(
    make: Make,
) -> None:
    rider, worker = sign_up(make), make.worker()
    report = make.report(rider, category="RD01")
    assert report.sent_unproved
    proved(make, rider)
    make.step(report, "accept", worker, category="RD02", severity=2)
    assert balance(rider.member_id).available == 0
    assert not make.report(rider).sent_unproved


def test_the_ledger_pays_no_cause_of_a_member_whose_number_was_never_proved() -> None:
    known = SimpleNamespace(
        is_staff=False,
        standing=Standing.ACTIVE,
        points_stopped_at=None,
        phone_proved_at=None,
        frozen_at=None,
    )
    assert why_not(known) is UnpaidReason.UNPROVED
    known.phone_proved_at = NOW
    assert why_not(known) is None


def test_learning_waits_for_the_proof_and_is_thanked_for_then(make: Make) -> None:
    rider, terms = sign_up(make), terms_of(make.settings)
    unit = next(iter(UNITS))
    assert award_learning(unit, actor=rider, terms=terms, now=NOW) is None
    proved(make, rider)
    assert award_learning(unit, actor=rider, terms=terms, now=NOW) is not None


def test_nothing_is_redeemed_and_no_queue_joined_before_the_proof(make: Make) -> None:
    rider = sign_up(make)
    offer = make.offer(make.station())
    with pytest.raises(NumberUnproved):
        make.redemption(rider, offer)
    proved(make, rider)
    assert make.redemption(rider, offer).rider_id == rider.member_id
