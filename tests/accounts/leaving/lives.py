"""A rider who did everything there is to do here, and what nobody may find afterwards."""

from __future__ import annotations

import itertools
import re
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import text

from grid_report.access import Actor
from grid_report.accounts.aliases import rider_alias
from grid_report.accounts.carried_forms import usecases as carried_usecases
from grid_report.accounts.carried_forms.usecases import Carried
from grid_report.accounts.leaving import usecases as leaving
from grid_report.db import Base, db
from grid_report.fairness import scheduled as fairness_scheduled
from grid_report.media.resumable import protocol
from grid_report.media.resumable import usecases as uploads
from grid_report.notify.choices import usecases as choices_usecases
from grid_report.notify.quiet_hours import QuietHours
from grid_report.notify.wechat import usecases as wechat_usecases
from grid_report.offers.permits.lifecycle import ApplicationStep
from grid_report.offers.redemptions import usecases as redemptions
from grid_report.places.queries import reference
from grid_report.points.objections import usecases as objections
from grid_report.points.objections.rules import Decision, Subject
from grid_report.reports.casework import usecases as casework
from grid_report.reports.commands import RateReport
from grid_report.reports.models import Report, ReportPhoto
from tests.offers.cards import Cards
from tests.support.builders import PASSWORD, PROPERTY, Make, picture
from tests.support.parts import metadata

# A sign that stands in everything the rider ever wrote, and nowhere else.
SIGN = "花岗岩"
NAME = f"{SIGN}小勇"
PHONE = "13955557321"
OPENID = "o-of-the-leaver"
FILE = "granite-from-my-phone.jpg"


@dataclass
class Life:
    """Who it is, and which cases and services there are of it."""

    rider: Actor
    other: Actor
    worker: Actor
    cards: Cards
    cases: dict[str, Report] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)
    photos: set[str] = field(default_factory=set)

    @property
    def later(self) -> datetime:
        """An instant after all of it."""
        return self.cards.now + timedelta(days=3)


def live(app: Flask, make: Make) -> Life:
    """Do everything once."""
    cards = Cards(make)
    rider = make.rider(name=NAME, phone=PHONE)
    worker, handler, other = make.worker(), make.handler(PROPERTY), make.rider()
    it = Life(rider, other, worker, cards)
    _report(make, it, handler)
    _redeem(it)
    _sign_in(app, make, it)
    _choose_news(make, it)
    fairness_scheduled.find_in_photos(now=it.later)
    db.session.rollback()
    photos = db.session.query(ReportPhoto.name, ReportPhoto.added_by_id)
    it.photos = {name for name, by in photos if by == rider.member_id}
    db.session.rollback()
    return it


def _report(make: Make, it: Life, handler: Actor) -> None:
    rider, worker, said = (
        it.rider,
        it.worker,
        {"description": f"{SIGN}碎了", "place_note": f"{SIGN}旁"},
    )

    # Of each picture as many as there are; pictures take longest of all here.
    mine, theirs = (replace(make.photo(), taken_at=make.later(-1000)),), (make.photo(),)
    # One every few hours: nobody may send that many at once.
    hours = itertools.count(-48, 3)

    def report(**more: Any) -> Report:
        return make.report(rider, at=make.later(next(hours)), **{**said, "photos": mine, **more})

    closed = report()
    make.step(closed, "accept", worker, category="RD02", severity=2)
    make.step(closed, "dispatch", worker, unit=PROPERTY)
    make.step(closed, "start", handler)
    make.step(closed, "handle", handler, note="已修好", photos=theirs)
    make.step(closed, "pass", worker)
    casework.rate_report(
        closed.number, RateReport(True, True, f"{SIGN}谢谢"), actor=rider, now=make.later(1)
    )
    make.step(closed, "reopen", rider, at=make.later(2), reason=f"{SIGN}又坏了")
    waiting = report()
    lead = report(category="RD01")
    follower = make.report(it.other, category="RD01", description="别人也看见", photos=theirs)
    make.step(follower, "merge", worker, into=lead.number)
    asked = report()
    make.step(asked, "ask", worker, reason="在哪一侧？")
    make.step(asked, "supplement", rider, note=f"{SIGN}北侧", photos=(make.photo(),))
    accepted = report()
    make.step(accepted, "accept", worker, category="RD02", severity=2)
    others = make.report(it.other, photos=theirs)
    merged = report()
    make.step(merged, "merge", worker, into=others.number)
    rejected = report()
    make.step(rejected, "reject", worker, reason="不属实")
    objections.raise_objection(
        Decision(Subject.REPORT, rejected.number),
        words=f"{SIGN}确实在", days=7, actor=rider, places=reference(), now=make.later(1),
    )  # fmt: skip
    it.cases = {
        "closed": closed, "waiting": waiting, "lead": lead, "follower": follower, "asked": asked,
        "accepted": accepted, "merged": merged, "others": others, "rejected": rejected,
    }  # fmt: skip


def _redeem(it: Life) -> None:
    rider, cards, shop = it.rider, it.cards, it.cards.shop
    for _ in range(5):
        shop.book.award(rider.member_id, 40, severity=4, at=shop.now - timedelta(days=1))
    booked = shop.take(rider, shop.offer(10))
    offer_id, slot_id = shop.slot()
    place = shop.take(rider, offer_id, slot_id=slot_id)
    full_id, full_slot = shop.slot()
    shop.take(it.other, full_id, slot_id=full_slot)
    redemptions.join_queue(full_slot, actor=rider, zone=shop.make.settings.county.tz, now=shop.now)
    disputed = shop.take(rider, shop.offer(5))
    shop.hand_out(disputed, nonce="n-1")
    redemptions.dispute(disputed.ref, f"{SIGN}凉了", county="211282", actor=rider, now=shop.now)
    rated = shop.take(rider, shop.offer(5))
    shop.hand_out(rated, nonce="n-2")
    redemptions.rate(rated.ref, 5, f"{SIGN}好吃", actor=rider, now=shop.now)
    card = cards.issued(rider, nickname=f"{SIGN}哥", purpose=f"{SIGN}小区送餐")
    cards.step(card, ApplicationStep.PAUSE, rider, words=f"{SIGN}回老家")
    asked = cards.apply(rider, cards.alone, nickname=f"{SIGN}哥", purpose=f"{SIGN}送餐").ref
    it.refs = {
        "booked": booked.ref, "place": place.ref, "disputed": disputed.ref, "rated": rated.ref,
        "card": card, "asked": asked,
    }  # fmt: skip


def _sign_in(app: Flask, make: Make, it: Life) -> None:
    browser = make.signed_in(it.rider)
    browser.get("/me")
    make.token(it.rider)
    data = picture()
    ref = uploads.begin(
        protocol.NewUpload(
            str(uuid.uuid4()), len(data) * 2, metadata(kind="photo", key="k", filename=FILE)
        ),
        actor=it.rider, limits=make.settings.limits, now=make.now,
    )  # fmt: skip
    row = db.session.execute(
        text("SELECT id FROM uploads WHERE ref = :ref"), {"ref": ref}
    ).scalar_one()
    uploads.keep_piece(row, at=0, data=data)
    carried_usecases.keep_form(
        Carried("/report", "/report", {"description": [SIGN]}, had_files=False),
        member_id=it.rider.member_id, sign_in_id=None, address="198.51.100.7",
        policy=make.policy, now=make.now,
    )  # fmt: skip
    leaving.request_code(actor=it.rider, policy=make.policy, now=make.now)


def _choose_news(make: Make, it: Life) -> None:
    wechat_usecases.connect(OPENID, actor=it.rider, vault=make.policy.vault, now=make.now)
    hours = QuietHours(9 * 60, 17 * 60)
    choices_usecases.choose([], quiet=hours, channels=(), actor=it.rider, now=make.now)


def secrets(make: Make, it: Life) -> list[str]:
    """Return what may stand nowhere any more."""
    vault = make.policy.vault
    said = metadata(filename=FILE)
    wechat = vault.blind(wechat_usecases.OPENID, OPENID)
    return [SIGN, PHONE, vault.lookup(PHONE), wechat, said, *sorted(it.photos)]


def found_anywhere(looked_for: Sequence[str], alias: str) -> Iterator[tuple[str, str, str]]:
    """Look through every text, JSON and bytes of every table, on either database."""
    whole = re.compile(rf"(?<![0-9A-Za-z_-]){re.escape(alias)}(?![0-9A-Za-z_-])")
    escaped = {one: one.encode("unicode_escape").decode() for one in looked_for}
    for table in Base.metadata.sorted_tables:
        for row in db.session.execute(table.select()).mappings():
            for name, value in row.items():
                plain = value.decode("utf-8", "ignore") if isinstance(value, bytes) else str(value)
                for one in looked_for:
                    if one in plain or escaped[one] in plain:
                        yield table.name, name, one
                if isinstance(value, str | dict | list) and whole.search(plain):
                    yield table.name, name, alias
    db.session.rollback()


def alias_of(it: Life) -> str:
    """Return what staff called the rider."""
    return rider_alias(it.rider.member_id)


def leave(make: Make, it: Life, *, days: int = 7, at: datetime | None = None) -> datetime:
    """Ask to be erased; return the day it is due."""
    due: datetime = leaving.ask(
        password=PASSWORD, code="", days=days, actor=it.rider, policy=make.policy,
        now=at or it.later,
    )  # fmt: skip
    return due
