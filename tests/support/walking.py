"""One world with a person of every kind, and a request for every route of the URL map."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Select, select

from grid_report import clock
from grid_report.access import Actor, Grant
from grid_report.access.roles import Role
from grid_report.accounts.leaving import export_usecases
from grid_report.accounts.models import RoleGrant, SignIn
from grid_report.clock import Month
from grid_report.db import db, transaction
from grid_report.fairness import scheduled as fairness_scheduled
from grid_report.fairness import usecases as fairness
from grid_report.fairness.models import Sampled, Signal
from grid_report.media.resumable import usecases as uploads_usecases
from grid_report.media.resumable.protocol import NewUpload
from grid_report.media.uploads import staging
from grid_report.notify.delivery import deliver_due
from grid_report.notify.models import InboxEntry
from grid_report.offers.kinds import OfferKind
from grid_report.places import queries as places_queries
from grid_report.places.basemap import queries as basemap_queries
from grid_report.places.basemap import usecases as basemap_usecases
from grid_report.places.queries import reference
from grid_report.points import ledger
from grid_report.points.causes import Cause
from grid_report.points.ledger.models import Journal
from grid_report.points.ledger.pending_models import PendingAward
from grid_report.points.objections import usecases as objections_usecases
from grid_report.points.objections.rules import Decision, Subject
from grid_report.points.policy import Terms
from grid_report.points.rates import Earning
from grid_report.reports.models import ReportPhoto
from grid_report.statistics.explorer import usecases as explorer_usecases
from tests.support.builders import BRIGHT, PROPERTY, STATION, Make
from tests.support.cards import ask_for_cards

PERSONS = [
    "guest",
    "owner",
    "rider",
    "worker",
    "worker_elsewhere",
    "handler",
    "handler_elsewhere",
    "supervisor",
    "supervisor_elsewhere",
    "station",
    "administrator",
    "auditor",
]

# What each sends. Everything else sends an empty form: whoever may do it is told what is missing.
FORMS: dict[str, dict[str, str]] = {
    "reports.rate": {"solved": "1", "satisfied": "1"},
    "notify.read_all": {"up_to": "0"},
}
JSON: dict[str, dict[str, Any]] = {
    "api.create_token": {},
    "api.take_step": {"step": "note"},
    "api.rate": {"solved": True, "satisfied": True},
    "api.redeem": {},
    "api.scan_voucher": {},
    "api.confirm_voucher": {},
    "api.ask_recheck": {},
    "api.propose_merit": {},
    "api.propose": {},
    "api.decide_proposal": {},
    "api.raise_objection": {},
    "api.answer_objection": {},
    "api.judge_signal": {},
    "api.judge_sampled": {},
    "api.leave": {},
    "api.choose_notifications": {},
}
QUERIES = {
    "api.locate": "?lat=42.54&lng=124.04",
    "api.units": "?report={number}",
    "objections.new": "?entry={other_entry_id}",
    "objections.send": "?entry={other_entry_id}",
}
# About the report that is closed; the others are about the one that was dispatched.
ABOUT_CLOSED = frozenset({"reports.rate", "api.rate"})
# These end the sign-in they are asked with, so they are asked last and by a browser of their own.
ENDING = ("accounts.sign_out", "accounts.sign_out_everywhere", "api.revoke_token")

# What is asked of a card; the others are about a voucher.
CARD_STEPS = {"permits.step": "pause", "approvals.step": "property_decline"}

Request = tuple[str, str]


def requests_of(app: Flask) -> list[Request]:
    """Return every (endpoint, method) of the URL map but HEAD and OPTIONS; the ending ones last."""
    found = [
        (rule.endpoint, method)
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]
    # What only reads goes first: nothing that was done can change it.
    return sorted(found, key=lambda it: (it[0] in ENDING, it[1] != "GET", it))


@dataclass
class World:
    """Everybody, and the ids of one thing of each kind; all of it is `owner`'s."""

    make: Make
    people: dict[str, Actor]
    values: dict[str, Any]
    closed: str
    target: Actor
    browsers: dict[str, FlaskClient] = field(default_factory=dict)

    def on(self, make: Make) -> World:
        """Return the same world on a copy of its database, with nobody signed in."""
        return replace(self, make=make, browsers={})

    def path(self, endpoint: str, **instead: Any) -> str:
        """Return the address of a route, with the world's ids or others in it."""
        rule = next(self.make.app.url_map.iter_rules(endpoint))
        values = dict(self.values)
        if endpoint in ABOUT_CLOSED:
            values["number"] = self.closed
        if endpoint.startswith(("permits.", "approvals.")):
            values.update(self.values["of_card"], step=CARD_STEPS.get(endpoint, ""))
        if endpoint.startswith("statistics_ask."):
            values["code"] = self.values["question"]
        values.update(instead)
        path = re.sub(
            r"<(?:\w+:)?(\w+)>", lambda it: quote(str(values[it[1]]), safe="%"), rule.rule
        )
        return path + QUERIES.get(endpoint, "").format(**values)

    def browser(self, person: str, *, fresh: bool = False) -> FlaskClient:
        """Return the browser of a person, signed in unless a guest, with its CSRF token on it."""
        if fresh or person not in self.browsers:
            guest = person == "guest"
            app = self.make.app
            client = app.test_client() if guest else self.make.signed_in(self.people[person])
            page = client.get("/sign-in" if guest else "/me").text
            token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
            assert token is not None, page[:300]
            client.environ_base["HTTP_X_CSRFTOKEN"] = token[1]
            if fresh:
                return client
            self.browsers[person] = client
        return self.browsers[person]

    def bodies(self, endpoint: str) -> dict[str, Any]:
        """Return what a request of this route carries."""
        if endpoint in JSON:
            return {"json": JSON[endpoint]}
        return {"data": FORMS.get(endpoint, {})}


def _streets() -> str:
    """Load the demo's streets and return what their address ends in."""
    county = places_queries.cache().extent
    basemap_usecases.load_demo_basemap(attribution="虚构", county=county, now=clock.now())
    found = basemap_queries.find_streets()
    assert found is not None
    db.session.rollback()
    return found.digest


def world(make: Make) -> World:
    """Make the people, a dispatched report with points and news, and a closed one."""
    people = {
        "owner": make.rider(),
        "rider": make.rider(),
        "worker": make.worker(),
        "worker_elsewhere": make.worker(BRIGHT),
        "handler": make.handler(),
        "handler_elsewhere": make.handler("property-02"),
        "supervisor": make.supervisor(),
        "supervisor_elsewhere": make.supervisor("211282002"),
        "station": make.member(Grant(Role.STATION_STAFF, "station-1")),
        "administrator": make.administrator(),
        "auditor": make.auditor(),
    }
    owner, worker = people["owner"], people["worker"]
    # Two administrators: otherwise the only one could not be shut out.
    target = make.rider()
    report = make.accepted(worker, owner)
    make.step(report, "dispatch", worker, unit=PROPERTY)
    closed = make.handled(worker, people["handler"], owner)
    make.step(closed, "pass", people["supervisor"])
    deliver_due(now=clock.now)
    _look_for_odd_things(make)
    photo = db.session.scalars(
        select(ReportPhoto).where(ReportPhoto.report_id == report.id)
    ).first()
    assert photo is not None
    make.token(owner)
    of_owner = select(Journal.id).where(Journal.rider_id == owner.member_id)
    station = make.station("station-1")
    clinic = make.offer(station, kind=OfferKind.SLOT, photo=photo.name)
    slot_id = make.slot(clinic)
    booked = make.redemption(owner, clinic, slot_id)
    month = make.statement(owner, people["station"], station)
    card = ask_for_cards(make, owner, people["handler"], worker)
    values = {
        "community_code": STATION,
        "other_entry_id": _first(of_owner.order_by(Journal.id.desc())),
        "unpaid_id": owed_to(make, owner, worker),
        "objection_id": objections_usecases.raise_objection(
            Decision(Subject.ENTRY, str(_first(of_owner.order_by(Journal.id)))),
            words="不对",
            days=7,
            actor=owner,
            places=reference(),
            now=clock.now(),
        ),
        "of_card": {"ref": card.ref, "offer_id": card.offer_id, "token": card.token},
        "number": report.number,
        "key": report.key,
        "upload_id": uploads_usecases.begin(
            NewUpload(str(uuid.uuid4()), 1000, ""),
            actor=owner,
            limits=make.settings.limits,
            now=clock.now(),
        ),
        "photo_id": photo.id,
        "name": photo.name,
        "size": "thumb",
        "digest": _streets(),
        "step": "note",
        "token": staging.keep(
            make.photo(), secret=make.settings.secret(), member_id=owner.member_id
        ),
        "entry_id": _first(select(Journal.id).where(Journal.rider_id == owner.member_id)),
        "message_id": _first(select(InboxEntry.id).where(InboxEntry.member_id == owner.member_id)),
        "device_id": 1,
        "sign_in_id": _first(select(SignIn.id).where(SignIn.member_id == owner.member_id)),
        "event_id": _first(select(Journal.id).where(Journal.rider_id == owner.member_id)),
        "member_id": target.member_id,
        "grant_id": _first(select(RoleGrant.id).where(RoleGrant.member_id == target.member_id)),
        "draft_id": 1,
        "proposal_id": 1,
        "unit": "photo",
        "version": "2020-1",
        "offer_id": clinic,
        "slot_id": slot_id,
        "ref": booked.ref,
        "code": station,
        "decision": "dismiss",
        "provider": f"of-{station}",
        "month": str(month),
        "year": str(month.year),
        "question": explorer_usecases.save_question(
            "站前",
            {"from": str(month), "to": str(month), "area": STATION, "rows": "month"}
            | {"columns": ["m_received"]},
            actor=worker,
            now=clock.now(),
        ),
        "parcel": f"{month}-{STATION}",
        "delivery_id": 1,
        "signal_id": _first(select(Signal.id).where(Signal.report_id == report.id)),
        "sampled_id": _first(select(Sampled.id).where(Sampled.report_id == report.id)),
        "filename": "none.css",
        "export_ref": export_usecases.request(
            days=7, most_per_hour=2, actor=owner, now=clock.now()
        ),
    }
    db.session.rollback()
    return World(make, people, values, closed.number, target)


def owed_to(make: Make, rider: Actor, worker: Actor) -> int:
    """Leave an award unpaid, for want of a budget in a month to come."""
    with transaction() as session:
        ledger.award(
            session,
            rider.member_id,
            cause=Cause("report-accepted", "KY-0"),
            earning=Earning(10, "R1", "2020-1"),
            community_code=STATION,
            terms=Terms(make.settings.county.tz, 1, 0),
            at=make.later(24 * 40),
            actor_id=worker.member_id,
            severity=1,
        )
    return _first(select(PendingAward.id).where(PendingAward.rider_id == rider.member_id))


def _look_for_odd_things(make: Make) -> None:
    """Find that both reports were accepted at once, and draw them."""
    county = make.settings.county
    this = Month.of(clock.now(), county.tz)
    # An hour on: what was done in the last minutes of a month is left to settle first.
    after = this.bounds(county.tz)[1] + timedelta(hours=1)
    fairness_scheduled.find_in_acceptances(zone=county.tz, now=after)
    fairness.draw_sample(this, zone=county.tz, places=reference(), now=after)


def _first(query: Select[int]) -> int:
    found = db.session.scalars(query).first()
    assert found is not None
    return found


def walk(it: World, person: str, *, by_token: bool = False) -> Iterator[tuple[Request, int]]:
    """Send every request as one person and yield the status of each answer."""
    app = it.make.app
    for endpoint, method in requests_of(app):
        is_api = endpoint.startswith("api.")
        if by_token and not is_api:
            continue
        if by_token:
            client = app.test_client()
            headers = {} if person == "guest" else it.make.token(it.people[person])
        else:
            client, headers = it.browser(person, fresh=endpoint in ENDING), {}
        with client.open(
            it.path(endpoint), method=method, headers=headers, **it.bodies(endpoint)
        ) as answer:
            yield (endpoint, method), answer.status_code
