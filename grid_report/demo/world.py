"""Make the demo world happen: every member, case and step through the use cases, in order of time."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, Final

from sqlalchemy import func, select

from grid_report.access import Actor
from grid_report.access.roles import Role
from grid_report.accounts import queries as accounts_queries
from grid_report.accounts.models import AuditEntry, Member
from grid_report.accounts.policy import Policy
from grid_report.accounts.steps import audit
from grid_report.clock import Month
from grid_report.db import db, transaction, use_case
from grid_report.demo import phrases, plan
from grid_report.demo.cast import Cast, ensure_members, members
from grid_report.demo.pictures.shots import Shot
from grid_report.demo.pictures.studio import Studio
from grid_report.demo.shops import SHELF, Shops
from grid_report.demo.tales import Deed, Tale, Who
from grid_report.fairness import queries as fairness_queries
from grid_report.fairness import scheduled as fairness_scheduled
from grid_report.fairness import usecases as fairness
from grid_report.fairness.kinds import Finding, SignalState
from grid_report.media.kit import Media
from grid_report.notify import queries as notify_queries
from grid_report.notify import steps as notify_steps
from grid_report.notify import usecases as notify
from grid_report.notify.models import InboxEntry, Message
from grid_report.places import queries as places_queries
from grid_report.places import usecases as places_usecases
from grid_report.places.basemap import usecases as basemap_usecases
from grid_report.places.geo.reference import Reference
from grid_report.reports.casework import usecases as reports
from grid_report.reports.commands import RateReport, SubmitReport, TakeStep
from grid_report.reports.desk import review_queries
from grid_report.reports.lifecycle import Step
from grid_report.reports.models import Report, StepKey
from grid_report.reports.submission import usecases as submission_usecases
from grid_report.settings import Settings

BEGUN: Final = "demo.begin"
DONE: Final = "demo.finish"
PICTURE: Final = (960, 720)
STREETS: Final = "虚构的演示街道 · made-up streets"
MESSAGES_AT_ONCE: Final = 400
READ_AFTER: Final = timedelta(days=2)
OLD_PHOTOS: Final = 0.03
FAR_PHOTOS: Final = 0.05

Progress = Callable[[str, int, int], None]


class DemoRefused(RuntimeError):
    """The demo may not be loaded here; the message says why."""


@dataclass(frozen=True)
class World:
    """A demo world that was begun: enough to write the same plan again."""

    seed: int
    reports: int
    at: datetime
    is_complete: bool


def find_world() -> World | None:
    """Return the demo world of this database, complete or half-way; None when there is none."""
    rows = db.session.scalars(
        select(AuditEntry).where(AuditEntry.action.in_((BEGUN, DONE))).order_by(AuditEntry.id)
    ).all()
    if not rows:
        return None
    details = rows[0].details
    return World(
        details["seed"],
        details["reports"],
        datetime.fromisoformat(details["at"]),
        any(row.action == DONE for row in rows),
    )


def is_somebody_elses() -> bool:
    """Tell whether members live here who are not of the demo."""
    return bool(db.session.scalar(select(Member.id).where(~Member.is_demo).limit(1)))


@use_case
def _note(action: str, world: World, now: datetime) -> None:
    with transaction() as session:
        audit(
            session, None, action, "demo", now,
            seed=world.seed, reports=world.reports, at=world.at.isoformat(),
        )  # fmt: skip


def load(
    *, settings: Settings, media: Media, policy: Policy, reports_wanted: int, seed: int, now: datetime,
    progress: Progress = lambda what, done, total: None, picture_size: tuple[int, int] = PICTURE,
) -> Counter[str]:  # fmt: skip
    """Load the demo world, or go on where a killed load stopped; return what was done.

    Raises DemoRefused in production and when another world lives here already.
    """
    if settings.server.environment == "production":
        raise DemoRefused("demo members and cases are refused in production settings")
    world = find_world()
    if world is None:
        world = World(seed, reports_wanted, now, is_complete=False)
    elif (world.seed, world.reports) != (seed, reports_wanted):
        raise DemoRefused(
            f"this database already holds the demo world of seed {world.seed} with"
            f" {world.reports} reports; start from an empty one for another"
        )
    elif world.is_complete:
        return Counter()
    _wait_for_disk("OFF")
    county = settings.county.code
    places_usecases.load_reference(county_code=county, now=now)
    places_usecases.load_demo_places(
        county_code=county, extent=places_queries.cache().extent, now=now
    )
    basemap_usecases.load_demo_basemap(
        attribution=STREETS, county=places_queries.cache().extent, now=now
    )
    places = places_queries.reference()
    if find_world() is None:
        _note(BEGUN, world, now)
    people = ensure_members(
        members(places, county), policy=policy, now=world.at - plan.SPAN - timedelta(days=6)
    )
    progress("members", 1, 1)
    deeds, tales = plan.write(
        seed=world.seed, count=world.reports, now=world.at, zone=settings.county.tz, places=places,
        riders=len(people.riders),
    )  # fmt: skip
    stage = _Stage(settings, places, people, tales)
    todo = [deed for deed in deeds if not stage.is_done(deed)]
    counts: Counter[str] = Counter()
    shots = chain(SHELF.values(), (shot for deed in todo for shot in deed.shots))
    with Studio(media, shots, picture_size) as studio:
        shops = Shops(settings, people, world.at, develop=studio.develop)
        for number, deed in enumerate(todo, start=1):
            shops.advance(deed.at)
            stage.play(deed, studio.develop)
            counts[deed.step.value] += 1
            progress("cases", number, len(todo))
        shops.advance(world.at)
    _tell(settings, people, world.at, progress)
    _look_again(settings, people, places, world.at)
    _note(DONE, world, now)
    _wait_for_disk("FULL")
    return counts


def _wait_for_disk(level: str) -> None:
    """Set how long commits wait for the disk: what is invented can be invented again."""
    db.session.remove()
    if db.engine.dialect.name == "sqlite":
        connection = db.engine.raw_connection()
        connection.cursor().execute(f"PRAGMA synchronous={level}")
        connection.close()


class _Stage:
    """Plays deeds: finds the member, the number and the photos, and calls the use case."""

    def __init__(
        self, settings: Settings, places: Reference, people: Cast, tales: Iterable[Tale]
    ) -> None:
        self.settings, self.places, self.people = settings, places, people
        self.tales = {tale.case: tale for tale in tales}
        first = {tale.deeds[0].key: tale.case for tale in self.tales.values()}
        keys = {deed.key for tale in self.tales.values() for deed in tale.deeds}
        self.numbers: dict[int, str] = {}
        self.rated: set[int] = set()
        for row in db.session.execute(
            select(Report.key, Report.number, Report.rated_at).where(
                Report.reporter_id.in_([rider.member_id for rider in people.riders])
            )
        ):
            if row.key in first:
                self.numbers[first[row.key]] = row.number
                if row.rated_at is not None:
                    self.rated.add(first[row.key])
        self.done = set(db.session.scalars(select(StepKey.key))) & keys
        db.session.rollback()

    def is_done(self, deed: Deed) -> bool:
        """Tell whether an earlier, killed load got this far."""
        if deed.step is Step.SUBMIT:
            return deed.case in self.numbers
        if deed.step is Step.RATE:
            return deed.case in self.rated
        return deed.key in self.done

    def play(self, deed: Deed, develop: Callable[[Shot], Any]) -> None:
        """Do one deed at its time."""
        actor, photos = self._actor(deed), tuple(develop(shot) for shot in deed.shots)
        if deed.step is Step.SUBMIT:
            self.numbers[deed.case] = self._submit(deed, actor, photos)
            return
        number = self.numbers[deed.case]
        if deed.step is Step.RATE:
            reports.rate_report(number, RateReport(**deed.values), actor=actor, now=deed.at)
            return
        values = dict(deed.values)
        if deed.into is not None:
            values["into"] = self.numbers[deed.into]
        reports.take_step(
            number,
            TakeStep(step=deed.step, key=deed.key, photos=photos, **values),
            actor=actor,
            places=self.places,
            settings=self.settings,
            now=deed.at,
        )

    def _submit(self, deed: Deed, actor: Actor, photos: tuple[Any, ...]) -> str:
        seconds = random.Random(deed.key).randint(15, 240)
        photos = _odd_camera(deed, photos)
        values = {"lat": None, "lng": None, "datum": "wgs84", **deed.values}
        command = SubmitReport(
            key=deed.key, taken_at=deed.at - timedelta(seconds=seconds), photos=photos, **values
        )
        done = submission_usecases.submit_report(
            command, actor=actor, places=self.places, settings=self.settings, now=deed.at
        )
        return done.report.number

    def _actor(self, deed: Deed) -> Actor:
        people, community = self.people, deed.community
        match deed.who:
            case Who.RIDER:
                return people.riders[self.tales[deed.case].rider]
            case Who.ADMINISTRATOR:
                return people.administrator
            case Who.UNIT:
                assert deed.unit is not None
                return people.handler(deed.unit)
        assert community is not None
        if deed.who is Who.STREET:
            return people.supervisor(community)
        if deed.who is Who.CHECKER:
            return people.other_worker(community) or people.supervisor(community)
        return people.worker(community)


def _odd_camera(deed: Deed, photos: tuple[Any, ...]) -> tuple[Any, ...]:
    """Give a few photos a camera that says they are days old, or from elsewhere."""
    dice = random.Random(f"camera {deed.key}")
    luck, lat, lng = dice.random(), deed.values.get("lat"), deed.values.get("lng")
    if luck < OLD_PHOTOS:
        return tuple(replace(it, taken_at=deed.at - timedelta(days=3, hours=2)) for it in photos)
    if luck < OLD_PHOTOS + FAR_PHOTOS and lat is not None and lng is not None:
        return tuple(replace(it, position=(lat + 0.03, lng - 0.02)) for it in photos)
    return photos


def _tell(settings: Settings, people: Cast, at: datetime, progress: Progress) -> None:
    """Deliver what the cases had to say, and take the old messages as read."""
    progress("messages", 0, 1)
    instead = (Role.ADMINISTRATOR, settings.county.code)
    holders: dict[tuple[Role, str], Sequence[int]] = {}
    after = 0
    while page := notify_queries.list_due(now=at, after=after, limit=MESSAGES_AT_ONCE):
        _deliver(page, instead, holders, now=at)
        after = page[-1]
    newest = db.session.execute(
        select(InboxEntry.member_id, func.max(InboxEntry.id))
        .join(Message, Message.id == InboxEntry.message_id)
        .where(Message.created_at < at - READ_AFTER)
        .group_by(InboxEntry.member_id)
    ).all()
    for member_id, entry_id in newest:
        notify.mark_all_read(member_id=member_id, up_to=entry_id, now=at)
    progress("messages", 1, 1)


# One in so many second looks does not agree.
DISAGREES_IN: Final = 11
FOLLOWED_UP_IN: Final = 9
LOOKED_AT: Final = timedelta(days=14)


def _look_again(settings: Settings, people: Cast, places: Reference, at: datetime) -> None:
    """Find what looks odd, draw two months' samples, and look through the older one."""
    county = settings.county
    fairness_scheduled.find_all(zone=county.tz, now=lambda: at + timedelta(minutes=5))
    last, actor = Month.of(at, county.tz).plus(-1), people.administrator
    for month in (last.plus(-1), last):
        seed = f"{month}:demo"
        fairness.draw_sample(month, zone=county.tz, places=places, now=at, seed=seed)
    older, after, looked = str(last.plus(-1)), 0, 0
    _look_at_signals(actor, at)
    while (next_id := fairness_queries.next_to_judge(actor, older, after)) is not None:
        looked += 1
        doubts = looked % DISAGREES_IN == 0
        verdict, words = Finding.AGREE, ""
        if doubts:
            verdict, words = (
                Finding.DISAGREE,
                phrases.SECOND_LOOK[looked % len(phrases.SECOND_LOOK)],
            )
        fairness.judge_sampled(next_id, verdict, words, actor=actor, now=at)
        after = next_id


def _look_at_signals(actor: Actor, at: datetime) -> None:
    """Say of what was found long ago what it was; what is new is left for the street."""
    found, cursor = [], None
    while True:
        page = fairness_queries.list_signals(
            actor, state=SignalState.OPEN, kind=None, community=None, cursor=cursor
        )
        sent = review_queries.rows_of({signal.report_id for signal in page.items})
        found += [it.id for it in page.items if sent[it.report_id].created_at < at - LOOKED_AT]
        cursor = page.next
        if cursor is None:
            break
    for number, signal_id in enumerate(found):
        state, words = SignalState.DISMISSED, phrases.NOTHING_TO_IT
        if number % FOLLOWED_UP_IN == 1:
            state, words = SignalState.FOLLOWED_UP, phrases.FOLLOWED_UP
        fairness.judge_signal(signal_id, state, words, actor=actor, now=at)


@use_case
def _deliver(
    ids: Sequence[int],
    instead: tuple[Role, str],
    holders: dict[tuple[Role, str], Sequence[int]],
    *,
    now: datetime,
) -> None:
    """Deliver many messages in one transaction: the scheduler's way is one each, for safety."""

    def who(role: Role, place: str) -> Sequence[int]:
        if (role, place) not in holders:
            holders[role, place] = accounts_queries.list_member_ids_with(role, place)
        return holders[role, place]

    with transaction() as session:
        copies = []
        for message in session.scalars(select(Message).where(Message.id.in_(ids))):
            role, receivers = message.role, [message.member_id or 0]
            if message.place is not None:
                receivers = [one for one in who(role, message.place) if one != message.except_id]
                if not receivers:
                    role, receivers = instead[0], list(who(*instead))
            copies += [notify_steps.copy_of(message, role, one) for one in receivers]
            notify_steps.mark_delivered(message, now)
        notify_steps.put_copies(session, copies)
