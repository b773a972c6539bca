"""Processes that take, hand out, cancel and settle, killed wherever they are; and what holds after it.

Each notes in a file what it is about to ask for and what was acknowledged: what a killed client
would still know.
"""

from __future__ import annotations

import itertools
import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final

import pytest
from flask import Flask
from sqlalchemy import func, select

from grid_report.access import Actor
from grid_report.db import db
from grid_report.errors import GridReportError
from grid_report.offers.catalogue.models import Offer, Slot
from grid_report.offers.counter import usecases as counter_usecases
from grid_report.offers.kinds import WaitState
from grid_report.offers.redemptions import scheduled as redemptions_scheduled
from grid_report.offers.redemptions import usecases as redemptions_usecases
from grid_report.offers.redemptions.commands import Redeem
from grid_report.offers.redemptions.lifecycle import (
    DELIVERED_ONCE,
    REDEMPTION_MOVES,
    RedemptionState,
)
from grid_report.offers.redemptions.models import Redemption, RedemptionEntry, Waiting
from grid_report.points.audit import rebuild_queries
from grid_report.points.kinds import EventKind
from grid_report.points.ledger.models import Journal
from tests.offers.shop import NOW, ZONE, Shop
from tests.support.lengths import Length
from tests.support.parallel import start

pytestmark = [pytest.mark.database, pytest.mark.slow]

LATER: Final = NOW + timedelta(days=4)
S = RedemptionState
GAVE_BACK: Final = {move.to for move in REDEMPTION_MOVES.values() if move.gives_back}
# What the ledger has to know of a redemption that costs something, by its state.
EVENTS: Final = {
    S.RESERVED: {EventKind.HOLD},
    S.CANCELLED: {EventKind.HOLD, EventKind.RELEASE},
    S.DELIVERED: {EventKind.HOLD, EventKind.CAPTURE},
    S.SETTLED: {EventKind.HOLD, EventKind.CAPTURE, EventKind.SETTLE},
    S.REFUNDED: {EventKind.HOLD, EventKind.CAPTURE, EventKind.REFUND},
}


@dataclass
class Client:
    """A rider's phone and the station's, with a file that outlives them."""

    shop: Shop
    rider: Actor
    targets: list[tuple[int, int | None]]
    path: Path
    lines: list[list[str]] = field(default_factory=list)

    def run(self, seed: int) -> None:
        """Go on until killed."""
        dice = random.Random(seed)
        log = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        for count in itertools.count():
            offer, slot = dice.choice(self.targets)
            key = f"{seed}-{count}"
            os.write(log, f"asked {key} {offer} {slot or 0}\n".encode())
            with suppress(GridReportError):
                ref = self.take(key, offer, slot)
                os.write(log, f"took {key} {ref}\n".encode())
                end = dice.choice([self.cancel, self.hand_out, self.hand_out, self.refund])
                end(ref)
                os.write(log, f"{end.__name__} {key} {ref}\n".encode())

    def take(self, key: str, offer: int, slot: int | None) -> str:
        """Take an offer."""
        command = Redeem(key, offer, slot)
        return redemptions_usecases.redeem(
            command, actor=self.rider, zone=ZONE, now=NOW
        ).redemption.ref

    def cancel(self, ref: str) -> None:
        """Give it back."""
        redemptions_usecases.cancel(ref, actor=self.rider, now=NOW)

    def hand_out(self, ref: str) -> None:
        """Scan and confirm; the redemption's reference is the nonce."""
        found = db.session.scalars(select(Redemption).where(Redemption.ref == ref)).one()
        shown, state = self.shop.shown(found), found.state
        db.session.rollback()
        if state is S.RESERVED:
            counter_usecases.scan(shown, actor=self.shop.staff, now=NOW)
        counter_usecases.confirm(ref, ref, actor=self.shop.staff, now=NOW)

    def refund(self, ref: str) -> None:
        """Hand it out and give its points back."""
        self.hand_out(ref)
        with suppress(GridReportError):  # the job may have made it final
            counter_usecases.refund(ref, "凉了", actor=self.shop.staff, now=NOW)

    def said(self) -> Iterator[tuple[str, str, str]]:
        """Read the file: what was acknowledged, of which key, about which redemption."""
        for line in self.path.read_text().splitlines():
            word, key, *rest = line.split()
            if word != "asked":
                yield word, key, rest[0]

    def asked(self) -> list[tuple[str, int, int | None]]:
        """Read the file: what was asked for, under which key."""
        words = [line.split() for line in self.path.read_text().splitlines()]
        return [
            (rest[0], int(rest[1]), int(rest[2]) or None)
            for word, *rest in words
            if word == "asked"
        ]


def settle_forever() -> None:
    """Make final what was handed out, as the job does days later."""
    while True:
        redemptions_scheduled.settle_due(now=LATER)
        db.session.rollback()
        time.sleep(0.05)


def check_counters() -> None:
    """What is reserved is what redemptions, and places kept for the queue, hold."""
    holding = Redemption.state.not_in(GAVE_BACK)
    of_offer = (
        select(func.count())
        .where(Redemption.offer_id == Offer.id, Redemption.slot_id.is_(None), holding)
        .scalar_subquery()
    )
    of_slot = (
        select(func.count()).where(Redemption.slot_id == Slot.id, holding).scalar_subquery()
        + select(func.count())
        .where(Waiting.slot_id == Slot.id, Waiting.state == WaitState.OFFERED)
        .scalar_subquery()
    )
    for query in (select(Offer.reserved, of_offer), select(Slot.reserved, of_slot)):
        assert all(reserved == held for reserved, held in db.session.execute(query))
    db.session.rollback()


def check_events() -> None:
    """Every redemption has its whole history, and the ledger every event of it and no other."""
    events: dict[str | None, set[EventKind]] = {}
    for ref, kind in db.session.execute(
        select(Journal.redemption_ref, Journal.kind).where(Journal.redemption_ref.is_not(None))
    ):
        events.setdefault(ref, set()).add(kind)
    last: dict[int, RedemptionState] = {}
    for entry in db.session.scalars(select(RedemptionEntry).order_by(RedemptionEntry.id)):
        assert entry.from_state is last.get(entry.redemption_id)
        last[entry.redemption_id] = entry.to_state
    for it in db.session.scalars(select(Redemption)):
        assert last[it.id] is it.state
        assert events.pop(it.ref, set()) == (EVENTS[it.state] if it.points else set())
    assert events == {}
    db.session.rollback()


def check(shop: Shop) -> None:
    assert shop.sound()
    assert rebuild_queries.find_mismatches(db.engine) == []
    check_counters()
    check_events()


def ended_as(word: str) -> set[RedemptionState]:
    """Return how a redemption may stand after an acknowledgement."""
    return {
        "took": set(S),
        "cancel": {S.CANCELLED},
        "hand_out": {S.DELIVERED, S.SETTLED},
        "refund": {S.REFUNDED, S.SETTLED},
    }[word]


def states() -> dict[str, RedemptionState]:
    """Return the state of every redemption."""
    found = {
        row.ref: row.state for row in db.session.execute(select(Redemption.ref, Redemption.state))
    }
    db.session.rollback()
    return found


def written(path: Path) -> int:
    return path.read_text().count("\n") if path.exists() else 0


def wait_until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not done() and time.monotonic() < deadline:
        time.sleep(0.02)


def test_whoever_is_killed_loses_and_doubles_nothing(
    app: Flask, shop: Shop, tmp_path: Path, length: Length
) -> None:
    targets: list[tuple[int, int | None]] = [
        (shop.offer(1, stock=500), None),
        (shop.offer(0, stock=500), None),
        shop.slot(2, capacity=500),
        # Scarce: what one gives back another one takes.
        (shop.offer(1, stock=3), None),
    ]
    clients = [
        Client(shop, shop.rider(200), targets, tmp_path / f"{number}.log") for number in range(3)
    ]

    def went_on(before: list[int]) -> bool:
        return all(
            written(client.path) > count + 20 for client, count in zip(clients, before, strict=True)
        )

    attempts = length(2, 8)
    for attempt in range(attempts):
        before = [written(client.path) for client in clients]
        forks = start(
            app,
            [settle_forever]
            + [partial(client.run, attempt * 10 + n) for n, client in enumerate(clients)],
        )
        wait_until(partial(went_on, before))
        random.shuffle(forks)
        for fork in forks:
            time.sleep(random.uniform(0, 0.05))
            fork.kill()
        check(shop)

    # Whatever was acknowledged is so.
    stand = states()
    for client in clients:
        for word, _key, ref in client.said():
            assert stand[ref] in ended_as(word), (word, ref)

    # And whoever asks again is answered as before, or has it done now.
    for client in clients:
        took = {key: ref for word, key, ref in client.said() if word == "took"}
        for key, offer, slot in client.asked()[-30:]:
            with suppress(GridReportError):  # sold out then, as perhaps now
                ref = client.take(key, offer, slot)
                assert took.get(key, ref) == ref
                assert client.take(key, offer, slot) == ref
                if states()[ref] in {S.RESERVED, *DELIVERED_ONCE}:
                    client.hand_out(ref)
                    client.hand_out(ref)
        assert len(took) > 5 * attempts
    check(shop)
    redemptions_scheduled.settle_due(now=LATER)
    assert S.DELIVERED not in states().values()
    check(shop)
