"""Real processes at one application at the same moment."""

from __future__ import annotations

import uuid
from collections import Counter
from functools import partial

import pytest
from flask import Flask

from grid_report.access import Actor
from grid_report.offers.permits.lifecycle import ApplicationState, ApplicationStep
from tests.offers.cards import Cards
from tests.offers.redemptions.test_races import PROCESSES, code_of
from tests.support.parallel import race

pytestmark = [pytest.mark.database, pytest.mark.slow]

S, T = ApplicationState, ApplicationStep


def test_many_phones_apply_once(app: Flask, cards: Cards) -> None:
    rider, key = cards.shop.rider(400), str(uuid.uuid4())

    def send(key: str = "") -> str:
        return code_of(
            lambda: (
                "replayed" if cards.apply(rider, key=key or str(uuid.uuid4())).replayed else "sent"
            )
        )

    said = Counter(race(app, [partial(send, key)] * PROCESSES))
    assert said == {"sent": 1, "replayed": PROCESSES - 1}
    said = Counter(race(app, [send] * PROCESSES))
    assert said == {"card-applied": PROCESSES}
    assert cards.shop.points(rider) == (245, 155)
    assert cards.shop.sound()


def test_a_card_is_issued_or_withdrawn_but_never_both(app: Flask, cards: Cards) -> None:
    rider = cards.shop.rider(155)
    ref = cards.approved(rider)

    def act(step: ApplicationStep, who: Actor) -> str:
        return code_of(lambda: cards.step(ref, step, who, seen=3).replayed)

    acts = [partial(act, T.ISSUE, cards.firm), partial(act, T.WITHDRAW, rider)] * (PROCESSES // 2)
    said = Counter(race(app, acts))
    assert said["False"] == 1
    state = cards.fresh(ref).state
    assert state in (S.ACTIVE, S.WITHDRAWN)
    assert cards.shop.points(rider) == ((155, 0) if state is S.WITHDRAWN else (0, 0))
    assert cards.shop.book.value("SELECT count(*) FROM application_history") == 4
    assert cards.shop.sound()
