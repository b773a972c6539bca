"""Builders: each makes the least that is valid, through the use cases."""

from __future__ import annotations

import io
import itertools
import uuid
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, TypedDict, cast

from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select

from grid_report import clock
from grid_report.access import Actor, Grant
from grid_report.access.roles import Role
from grid_report.accounts import queries as accounts_queries
from grid_report.accounts.consent_kinds import ConsentKind
from grid_report.accounts.members import usecases as members_usecases
from grid_report.accounts.models import SignInKind
from grid_report.accounts.numbers import usecases as numbers_usecases
from grid_report.accounts.passwords import Hasher
from grid_report.accounts.policy import Policy, policy_of
from grid_report.accounts.profile import usecases as accounts
from grid_report.accounts.sign_in import usecases as sign_in_usecases
from grid_report.accounts.tokens import SignedIn
from grid_report.clock import Month
from grid_report.db import db
from grid_report.languages import DEFAULT, LANGUAGES
from grid_report.media.uploads.photos import AdmittedPhoto
from grid_report.offers.catalogue import usecases as catalogue_usecases
from grid_report.offers.catalogue.commands import EditOffer, EditStation
from grid_report.offers.catalogue.models import Slot
from grid_report.offers.counter import usecases as counter_usecases
from grid_report.offers.counter.commands import Scan
from grid_report.offers.kinds import ForWhom, FreeService, OfferKind, Picture
from grid_report.offers.redemptions import scheduled as redemptions_scheduled
from grid_report.offers.redemptions import usecases as offers
from grid_report.offers.redemptions import vouchers
from grid_report.offers.redemptions.commands import Redeem
from grid_report.offers.redemptions.models import Redemption
from grid_report.offers.settlements import usecases as settlements_usecases
from grid_report.places.geo.points import Point
from grid_report.places.queries import reference
from grid_report.reports.casework import usecases as casework_usecases
from grid_report.reports.commands import SubmitReport, TakeStep
from grid_report.reports.lifecycle import Step
from grid_report.reports.models import Report
from grid_report.reports.submission import usecases as submission_usecases
from grid_report.settings import Settings

STATION = "211282001001"
BRIGHT = "211282001003"
STREET = "211282001"
PROPERTY = "property-01"
PASSWORD = "a-good-passphrase"

_phones = itertools.count(13800000001)
_pictures = itertools.count(1)
_addresses = itertools.count(1)


def picture(seed: int | None = None, size: tuple[int, int] = (64, 48)) -> bytes:
    """Return a small JPEG unlike every other one."""
    number = next(_pictures) if seed is None else seed
    image = Image.new("RGB", size, ((number * 37) % 256, (number * 91) % 256, number % 256))
    image.putpixel((number % size[0], (number // size[0]) % size[1]), (255, 255, 255))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=90)
    return file.getvalue()


class Spot(TypedDict, total=False):
    """Where a report is, as a rider sends it."""

    lat: float
    lng: float
    accuracy_m: float
    community: str | None


def center_of(community: str) -> Point:
    """Return the middle of a community that has a boundary."""
    found = reference().community(community)
    assert found is not None
    assert found.center is not None
    return found.center


def in_words(chinese: str, others: str = "Hot drink") -> dict[str, str]:
    """Return what an offer is called, by language."""
    return {**dict.fromkeys(LANGUAGES, others), DEFAULT: chinese}


class Make:
    """Makes members, reports and steps on the app of a test."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.settings: Settings = app.extensions["grid_report"].settings
        self.policy: Policy = policy_of(
            self.settings, hasher=Hasher(time_cost=1, memory_kib=8, parallelism=1)
        )
        app.extensions["grid_report_accounts_policy"] = self.policy
        self.now = clock.now()

    # members

    def member(
        self,
        *grants: Grant,
        name: str = "某人",
        phone: str | None = None,
        consents: Collection[ConsentKind] | None = None,
    ) -> Actor:
        """Make a member with roles, who agrees to everything, and return it as an actor."""
        member_id = members_usecases.create_member(
            phone=phone or str(next(_phones)),
            password=PASSWORD,
            name=name,
            language="zh_CN",
            grants=grants,
            policy=self.policy,
            place_exists=lambda kind, code: True,
            actor=None,
            now=self.now,
            consents=tuple(ConsentKind) if consents is None else consents,
        )
        return Actor(member_id=member_id, name=name, grants=frozenset(grants))

    def rider(self, **more: Any) -> Actor:
        """Make a rider."""
        return self.member(Grant(Role.RIDER), **{"name": "骑手", **more})

    def unproved(self, *, at: datetime | None = None, phone: str | None = None) -> Actor:
        """Sign a rider up who only claims a number."""
        return accounts.sign_up_rider(
            phone=phone or str(next(_phones)),
            password=PASSWORD,
            name="新来的",
            language="zh_CN",
            consents=frozenset(ConsentKind),
            notice_version=self.policy.notice_version,
            is_16=True,
            label="",
            address=f"198.51.100.{next(_addresses) % 250}",
            policy=self.policy,
            now=at or clock.now(),
        ).actor

    def prove(self, actor: Actor, *, at: datetime | None = None) -> Any:
        """Prove a rider's own number by a code, and return what that led to."""
        now = at or clock.now()
        code = numbers_usecases.request_proof(actor=actor, policy=self.policy, now=now).code
        return numbers_usecases.prove_with_code(
            code, actor=actor, label="", policy=self.policy, now=now
        )

    def worker(self, community: str = STATION, **more: Any) -> Actor:
        """Make a worker of a community."""
        return self.member(Grant(Role.WORKER, community), **{"name": "网格员", **more})

    def supervisor(self, street: str = STREET, **more: Any) -> Actor:
        """Make a supervisor of a street."""
        return self.member(Grant(Role.SUPERVISOR, street), **{"name": "街道", **more})

    def handler(self, unit: str = PROPERTY, **more: Any) -> Actor:
        """Make a handler of a unit."""
        return self.member(Grant(Role.HANDLER, unit), **{"name": "物业", **more})

    def administrator(self, **more: Any) -> Actor:
        """Make an administrator."""
        county = self.settings.county.code
        return self.member(Grant(Role.ADMINISTRATOR, county), **{"name": "管理员", **more})

    def auditor(self, **more: Any) -> Actor:
        """Make an auditor."""
        county = self.settings.county.code
        return self.member(Grant(Role.AUDITOR, county), **{"name": "审计", **more})

    def signed_in(self, actor: Actor) -> FlaskClient:
        """Return a browser that is signed in as a member."""
        signed_in = self._sign_in(actor, SignInKind.BROWSER)
        client = self.app.test_client()
        with client.session_transaction() as session:
            session["_user_id"] = f"{signed_in.sign_in_id}.{signed_in.secret}"
            session["_fresh"] = True
        return client

    def token(self, actor: Actor) -> dict[str, str]:
        """Return the header that signs a program in as a member."""
        secret = self._sign_in(actor, SignInKind.TOKEN).secret
        return {"Authorization": f"Bearer {secret}"}

    def _sign_in(self, actor: Actor, kind: SignInKind) -> SignedIn:
        phone = accounts_queries.phone_of(actor.member_id, self.policy.vault)
        assert phone is not None
        return sign_in_usecases.sign_in_with_password(
            phone,
            PASSWORD,
            kind=kind,
            label="test",
            address="127.0.0.1",
            policy=self.policy,
            now=clock.now(),
        )

    # reports

    def photo(self, seed: int | None = None) -> AdmittedPhoto:
        """Admit a small real photo."""
        media = self.app.extensions["grid_report"].media
        photo: AdmittedPhoto = media.admit([io.BytesIO(picture(seed))])[0]
        return photo

    def submission(self, **more: Any) -> SubmitReport:
        """Make the command of a pothole in the middle of the station's community."""
        values: dict[str, Any] = {
            "key": str(uuid.uuid4()),
            "category": "RD02",
            "lat": None,
            "lng": None,
            "datum": "wgs84",
            "community": STATION,
        }
        values.update(more)
        if "photos" not in values:
            values["photos"] = (self.photo(),)
        return SubmitReport(**values)

    def report(
        self, reporter: Actor | None = None, *, at: datetime | None = None, **more: Any
    ) -> Report:
        """Submit a report and return its row."""
        sent = submission_usecases.submit_report(
            self.submission(**more),
            actor=reporter or self.rider(),
            places=reference(),
            settings=self.settings,
            now=at or clock.now(),
        )
        # Of a rider who proved no number it is one that is kept: read alike, with no step to take.
        return cast(Report, sent.report)

    def step(
        self,
        report: Report | str,
        step: Step | str,
        actor: Actor,
        *,
        at: datetime | None = None,
        **more: Any,
    ) -> Report:
        """Take a step on a report and return its row."""
        number = report if isinstance(report, str) else report.number
        return casework_usecases.take_step(
            number,
            TakeStep(step=Step(step), **more),
            actor=actor,
            places=reference(),
            settings=self.settings,
            now=at or clock.now(),
        ).report

    def accepted(self, worker: Actor, reporter: Actor | None = None, **more: Any) -> Report:
        """Submit a report and have it accepted."""
        report = self.report(reporter, **more)
        return self.step(report, "accept", worker, category="RD02", severity=2)

    def handled(self, worker: Actor, handler: Actor, reporter: Actor | None = None) -> Report:
        """Take a report as far as the unit's after-photo."""
        report = self.accepted(worker, reporter)
        self.step(report, "dispatch", worker, unit=PROPERTY)
        self.step(report, "start", handler)
        return self.step(report, "handle", handler, note="已修好", photos=(self.photo(),))

    # offers

    def station(self, code: str = "station-1", community: str = STATION) -> str:
        """Open a station of a provider of its own and return its code."""
        return catalogue_usecases.save_station(
            EditStation(
                code=code,
                provider_code=f"of-{code}",
                provider_name="服务商",
                community_code=community,
                name=f"驿站 {code}",
                address="站前街 1 号",
                lat=42.546,
                lng=124.0408,
                free_services=frozenset({FreeService.REST}),
            ),
            actor=self.administrator(),
            now=self.now,
        )

    def offer(self, station: str = "station-1", points: int = 0, **more: Any) -> int:
        """Make an offer of a station and return its id."""
        values: dict[str, Any] = {
            "kind": OfferKind.VOUCHER,
            "titles": in_words("热饮"),
            "descriptions": dict.fromkeys(LANGUAGES, ""),
            "picture": Picture.DRINK,
            "for_whom": frozenset(ForWhom),
        }
        values |= {"provider_code": f"of-{station}", "station_code": station, "points": points}
        command = EditOffer(**{**values, **more})
        return catalogue_usecases.save_offer(
            None, command, actor=self.administrator(), now=self.now
        )

    def slot(self, offer_id: int, *, in_hours: float = 24, capacity: int = 2) -> int:
        """Add a time to an offer and return its id."""
        starts = clock.now() + timedelta(hours=in_hours)
        catalogue_usecases.add_slots(
            offer_id,
            [starts],
            minutes=30,
            capacity=capacity,
            actor=self.administrator(),
            now=self.now,
        )
        found = db.session.scalars(
            select(Slot.id).where(Slot.offer_id == offer_id).order_by(Slot.id.desc())
        ).first()
        db.session.rollback()
        assert found is not None
        return found

    def redemption(self, rider: Actor, offer_id: int, slot_id: int | None = None) -> Redemption:
        """Take an offer and return the redemption."""
        command = Redeem(key=str(uuid.uuid4()), offer_id=offer_id, slot_id=slot_id)
        zone = self.settings.county.tz
        return offers.redeem(command, actor=rider, zone=zone, now=clock.now()).redemption

    def statement(self, rider: Actor, staff: Actor, station: str = "station-1") -> Month:
        """Hand something out long ago and draw the month it became final in."""
        then = clock.now() - timedelta(days=45)
        zone = self.settings.county.tz
        taken = offers.redeem(
            Redeem(key=str(uuid.uuid4()), offer_id=self.offer(station)),
            actor=rider,
            zone=zone,
            now=then,
        ).redemption
        text = vouchers.text_for(taken.ref, taken.secret, vouchers.step_at(then))
        counter_usecases.scan(Scan(qr=text), actor=staff, now=then)
        counter_usecases.confirm(taken.ref, f"n-{taken.ref}", actor=staff, now=then)
        final = then + timedelta(days=4)
        redemptions_scheduled.settle_due(now=final)
        settlements_usecases.draw_due(zone=zone, fen_per_point=10, now=clock.now())
        return Month.of(final, zone)

    def fresh(self, report: Report) -> Report:
        """Read a report's row again."""
        db.session.rollback()
        found = db.session.get(Report, report.id, populate_existing=True)
        assert found is not None
        return found

    @staticmethod
    def later(hours: float) -> datetime:
        """Return an instant some hours from now."""
        return clock.now() + timedelta(hours=hours)
