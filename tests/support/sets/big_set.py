"""Millions of cases over thirteen months and all communities, copied from two hundred lives.

Every copy of a life begins at another instant, in another community, with other riders, and is in
the state it had reached by now; hours and lengths are spread so that no two copies are alike.
With the cases go what riders hold of their points and what expired, services, photos of the newest
closings, and members. The points' transfers begin where those of the lives did: the month page
reads the lots and events, not the pools' books. Steps and messages are left out. Kept counts
come from the recount, half of the past months are frozen, one case in twenty changed after.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Final

from sqlalchemy import Table

from grid_report import clock
from grid_report.clock import Month
from grid_report.db import table_of
from grid_report.offers.redemptions.models import Redemption
from grid_report.points.ledger.models import Account, Journal, Lot, LotMovement, Transfer
from grid_report.reports.models import Report, ReportPhoto
from grid_report.reports.round_models import ReportRound
from tests.support.builders import Make
from tests.support.sets.big_counts import FROZEN, freeze, recount, say
from tests.support.sets.bulk import Bulk, filling
from tests.support.sets.lives import LIVES, Lives

MONTHS: Final = 13
# Copies of all lives at once: a sign of life now and then.
AT_ONCE: Final = 1000
SERVICES: Final = 20
STATIONS: Final = 4
__all__ = ["FROZEN", "build", "freeze", "recount", "say"]

TABLES: Final = (
    "reports", "report_rounds", "report_photos", "redemptions", "members", "consent_acts", "audit_entries",
    "point_journal", "point_transfers", "point_lots", "point_lot_movements", "point_accounts",
    "statistics_corrections",
)  # fmt: skip
_DAY: Final = 24 * 3600


def build(make: Make, reports: int, lives: int = LIVES) -> None:
    """Fill a database with so many reports, or a few more; only the reference data is there."""
    now = clock.now()
    zone = make.settings.county.tz
    this = Month.of(now, zone)
    start = this.plus(1 - MONTHS).bounds(zone)[0]
    for number in range(STATIONS):
        for points in (0, 20):
            code = f"station-{number}"
            make.offer(make.station(code) if not points else code, points)
    say(f"playing {lives} lives")
    Lives(make, start).play(lives)
    with filling(TABLES) as bulk:
        _Set(bulk, reports, lives, start, now, zone).fill()
        say("indexes")
    recount(make)
    freeze(make, this)


class _Set:
    def __init__(
        self, bulk: Bulk, reports: int, lives: int, start: datetime, now: datetime, zone: tzinfo
    ) -> None:
        self.bulk, self.lives, self.zone = bulk, lives, zone
        self.this = Month.of(now, zone)
        self.now_s, self.start_s = int(now.timestamp()), int(start.timestamp())
        # The newest copies have not all begun.
        self.copies = max(2, -(-reports * 102 // 100 // lives))
        self.places = bulk.number("SELECT count(*) FROM communities WHERE code LIKE '211282%'")
        self.riders = max(self.places, reports // 1000)
        self.rider = 1 + bulk.number("SELECT max(id) FROM members")
        self.account = 1 + bulk.number("SELECT max(id) FROM point_accounts")

    def fill(self) -> None:
        """Write everything."""
        bulk = self.bulk
        step = (self.now_s - self.start_s) // self.copies
        numbers = f"WITH RECURSIVE n (k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n WHERE k < {self.copies})"
        bulk.run(
            f"CREATE TABLE copies AS {numbers} SELECT CAST(k AS BIGINT) AS k,"
            f" CAST(k AS BIGINT) * {step} - {3 * _DAY} AS s FROM n"
        )
        bulk.run("CREATE UNIQUE INDEX of_copies ON copies (k)")
        bulk.run(
            "CREATE TABLE spots AS SELECT code, street_code AS street,"
            " row_number() OVER (ORDER BY code) - 1 AS nth FROM communities"
            " WHERE code LIKE '211282%'"
        )
        bulk.run("CREATE UNIQUE INDEX of_spots ON spots (nth)")
        self._people()
        columns = {it.name for it in table_of(Report).c}
        first = bulk.number("SELECT max(id) FROM reports")
        for least in range(1, self.copies + 1, AT_ONCE):
            self._reports(columns, first, least, least + AT_ONCE)
            say(f"{min(least + AT_ONCE - 1, self.copies)} of {self.copies} copies")
        self._rounds(first)
        self._points(first)
        say("points")
        self._services()
        self._photos()
        bulk.run(
            "UPDATE point_accounts SET credits = held.n, lots_total = held.n FROM"
            " (SELECT account_id, sum(free) AS n FROM point_lots GROUP BY account_id) AS held"
            f" WHERE held.account_id = point_accounts.id AND point_accounts.id >= {self.account}"
        )
        self._follow_on()

    def _insert(self, table: Table, values: Mapping[str, str], rest: str) -> None:
        self.bulk.run(
            f"INSERT INTO {table.name} ({', '.join(values)})"
            f" SELECT {', '.join(f'{it} AS v{n}' for n, it in enumerate(values.values()))} {rest}"
        )

    def _people(self) -> None:
        later, bulk = self.bulk.later, self.bulk
        numbers = (
            "WITH RECURSIVE n (k) AS (SELECT 0 UNION ALL SELECT k + 1 FROM n"
            f" WHERE k < {self.riders - 1}) "
        )
        at = bulk.instant(f"{self.start_s} + n.k * {_DAY * 365 // self.riders}")
        bulk.run(
            "INSERT INTO members (id, phone_lookup, phone_tail, name, language, standing, is_demo,"
            f" created_at, phone_proved_at, phone_proved_how) {numbers} SELECT {self.rider} + n.k, 'bulk-' || n.k, '0000', '骑手',"
            f" 'zh_CN', 'active', {'0' if bulk.sqlite else 'false'}, {at}, {at},"
            " 'migration' FROM n"
        )
        bulk.run(
            "INSERT INTO consent_acts (member_id, kind, agreed, notice_version, at)"
            f" {numbers} SELECT {self.rider} + n.k, 'account', true, '1', {at} FROM n"
        )
        bulk.run(
            "INSERT INTO point_accounts (id, kind, member_id, month, credits, debits,"
            " pending_debits, lots_total, lots_held, last_transfer_id, last_movement_id)"
            f" {numbers} SELECT {self.account} + n.k, 'rider', {self.rider} + n.k, '',"
            " 0, 0, 0, 0, 0, 0, 0 FROM n"
        )
        bulk.run(
            "INSERT INTO audit_entries (at, action, about, details)"
            f" SELECT {later('m.created_at', '3600 * c.k')}, 'member-granted', 'bulk', '{{}}'"
            " FROM copies c, members m WHERE m.id IN"
            f" (SELECT min(id) FROM members WHERE id >= {self.rider})"
        )

    # Which community a copy of a life is in, and which of its riders reported it.
    @property
    def _spot(self) -> str:
        return f"(c.k * 7 + s.life * 3) % {self.places}"

    @property
    def _who(self) -> str:
        each = max(1, 3 * self.riders // self.places)
        return (
            f"(p.nth * {self.riders} / {self.places} + (c.k * 31 + s.life) % {each})"
            f" % {self.riders}"
        )

    def _id(self, first: int) -> str:
        return f"{first} + c.k * {self.lives} + s.life - {self.lives} + 1"

    def _reports(self, columns: set[str], first: int, least: int, below: int) -> None:
        later, new_id = self.bulk.later, self._id(first)
        values = {it: f"s.{it}" for it in sorted(columns)}
        for name in (
            "accepted_at", "first_accepted_at", "accept_from", "started_at", "controlled_at", "handled_at", "closed_at", "moved_at",
            "accept_due", "control_due", "fix_due", "close_due", "reopened_at", "stopped_at",
            "next_warn", "next_due", "rated_at",
        ):  # fmt: skip
            values[name] = later(f"s.{name}", "c.s")
        # Lengths of a life are spread by its copies.
        sooner = "c.s - c.k * 131 % 10800"
        values["created_at"] = later("s.created_at", sooner)
        values["taken_at"] = later("s.taken_at", sooner)
        values["dispatched_at"] = later("s.dispatched_at", "c.s - c.k * 97 % 3600")
        values["sort_due"] = (
            f"CASE WHEN s.next_due IS NULL THEN s.sort_due ELSE {later('s.sort_due', 'c.s')} END"
        )
        if self.bulk.sqlite:
            values["review_on"] = "date(s.review_on, (c.s / 86400) || ' days')"
        else:
            values["review_on"] = "s.review_on + CAST(c.s / 86400 AS INTEGER)"
        lost = "s.life = 0 AND c.k % 4 = 0"
        values |= {
            "id": new_id,
            "number": f"'BK-' || ({new_id})",
            "key": "c.k || '-' || s.life",
            "reporter_id": f"{self.rider} + {self._who}",
            "merged_into_id": f"CASE WHEN s.merged_into_id IS NULL THEN NULL ELSE {new_id} - s.life + 1 END",
            "community_code": f"CASE WHEN {lost} THEN NULL ELSE p.code END",
            "street_code": f"CASE WHEN {lost} THEN NULL ELSE p.street END",
            "matched_by": f"CASE WHEN {lost} THEN 'none' ELSE s.matched_by END",
            "compound_code": "NULL",
        }
        self._insert(
            table_of(Report),
            values,
            f"FROM copies c JOIN lived s ON s.since_s + c.s <= {self.now_s}"
            f" AND s.until_s + c.s > {self.now_s}"
            f" JOIN spots p ON p.nth = {self._spot} WHERE c.k >= {least} AND c.k < {below}",
        )

    def _rounds(self, first: int) -> None:
        """Copy the rounds that are over with the reports they belong to."""
        bulk, later = self.bulk, self.bulk.later
        bulk.run(
            f"CREATE TABLE lived_rounds AS SELECT o.*, l.life, {bulk.epoch('o.ended_at')} AS over_s"
            " FROM report_rounds o JOIN (SELECT DISTINCT life, id FROM lived) l"
            " ON l.id = o.report_id"
        )
        values = {it.name: f"s.{it.name}" for it in table_of(ReportRound).c if it.name != "id"}
        for name in ("started_at", "handled_at", "closed_at", "fix_due", "close_due", "ended_at"):
            values[name] = later(f"s.{name}", "c.s")
        values |= {
            "dispatched_at": later("s.dispatched_at", "c.s - c.k * 97 % 3600"),
            "report_id": self._id(first),
            "community_code": "p.code",
            "street_code": "p.street",
        }
        self._insert(
            table_of(ReportRound), values,
            f"FROM copies c JOIN lived_rounds s ON s.over_s + c.s <= {self.now_s}"
            f" JOIN spots p ON p.nth = {self._spot}",
        )  # fmt: skip
        bulk.run("DROP TABLE lived_rounds")

    def _points(self, first: int) -> None:
        bulk = self.bulk
        awards = (
            "FROM copies c JOIN (SELECT j.*, {at} AS at_s, t.debit_account_id, t.debit_kind, t.route, t.phase,"
            " l.life, t.amount, row_number() OVER (ORDER BY t.id) AS nth FROM point_journal j JOIN point_transfers t ON t.journal_id = j.id"
            " JOIN (SELECT DISTINCT life, number FROM lived) l ON l.number = j.report_number"
            f" WHERE j.kind = 'award') s ON s.at_s + c.s <= {self.now_s}"
            f" JOIN spots p ON p.nth = {self._spot} WHERE 1 = 1"
        ).format(at=bulk.epoch("j.at"))
        each = bulk.number("SELECT count(*) FROM point_transfers WHERE event = 'award'")
        events, transfers = (
            f"{bulk.number(f'SELECT max(id) FROM {it}')} + (c.k - 1) * {each} + s.nth"
            for it in ("point_journal", "point_transfers")
        )
        at = bulk.later("s.at", "c.s")
        month = bulk.later("s.at", "c.s + 28800")
        month = f"substr({month}, 1, 7)" if bulk.sqlite else f"to_char({month}, 'YYYY-MM')"
        # The lives' awards are read while their copies are written: they are put aside.
        bulk.run(f"CREATE TABLE awards AS SELECT s.*, c.k AS k, c.s AS shift, p.code AS place,"
                 f" {self._who} AS who, {events} AS event_id, {transfers} AS leg_id,"
                 f" {self._id(first)} AS report_id, {at} AS at2, {month} AS month2 {awards}")  # fmt: skip
        columns = [it.name for it in table_of(Journal).c]
        values = {it: f"a.{it}" for it in columns} | {
            "id": "a.event_id",
            "cause_id": "'BK-' || a.event_id",
            "at": "a.at2",
            "month": "a.month2",
            "rider_id": f"{self.rider} + a.who",
            "community_code": "a.place",
            "report_number": "'BK-' || a.report_id",
        }
        self._insert(table_of(Journal), values, "FROM awards a")
        legs = {
            "id": "a.leg_id",
            "journal_id": "a.event_id",
            "event": "a.kind",
            "route": "a.route",
            "phase": "a.phase",
            "debit_account_id": "a.debit_account_id",
            "debit_kind": "a.debit_kind",
            "credit_account_id": f"{self.account} + a.who",
            "credit_kind": "'rider'",
            "amount": "a.amount",
        }
        self._insert(table_of(Transfer), legs, "FROM awards a")
        self._follow_on()
        over = bulk.later("a.at2", f"{365 * _DAY}")
        is_over = f"a.at_s + a.shift + {365 * _DAY} <= {self.now_s}"
        left = "(a.k + a.life) % 10 < 3"
        lots = {
            "account_id": f"{self.account} + a.who",
            "account_kind": "'rider'",
            "transfer_id": "a.leg_id",
            "points": "a.amount",
            "earned_at": "a.at2",
            "expires_at": over,
            "free": f"CASE WHEN {left} AND NOT {is_over} THEN a.amount ELSE 0 END",
            "held": "0",
            "last_movement_id": "0",
        }
        self._insert(table_of(Lot), lots, "FROM awards a")
        earned = {
            "lot_id": "l.id",
            "transfer_id": "l.transfer_id",
            "kind": "'earn'",
            "free_delta": "l.points",
            "held_delta": "0",
        }
        self._insert(
            table_of(LotMovement),
            earned,
            f"FROM point_lots l WHERE l.account_id >= {self.account}",
        )
        ends = {
            "kind": "'expiry'",
            "cause_type": "'lot-expired'",
            "cause_id": "'BK-' || a.event_id",
            "at": over,
            "points": "a.amount",
            "rider_id": f"{self.rider} + a.who",
            "community_code": "a.place",
            "note": "''",
        }
        self._insert(table_of(Journal), ends, f"FROM awards a WHERE {left} AND {is_over}")
        bulk.run("DROP TABLE awards")
        pools = {
            "kind": "'budget'",
            "community_code": "p.code",
            "month": "m.name",
            "credits": "3000",
            "debits": "1000",
            "pending_debits": "0",
            "lots_total": "0",
            "lots_held": "0",
            "last_transfer_id": "0",
            "last_movement_id": "0",
        }
        names = " UNION ALL ".join(f"SELECT '{self.this.plus(-n)}' AS name" for n in range(MONTHS))
        self._insert(
            table_of(Account), pools,
            f"FROM spots p CROSS JOIN ({names}) m WHERE NOT EXISTS (SELECT 1 FROM point_accounts a"
            " WHERE a.kind = 'budget' AND a.community_code = p.code AND a.month = m.name)",
        )  # fmt: skip

    def _services(self) -> None:
        bulk = self.bulk
        first = 1 + bulk.number("SELECT max(id) FROM redemptions")
        begins = f"c.s + {self.start_s} + s.life * 30000"
        refunded = "(c.k + s.life) % 50 = 7"
        made = {
            "id": f"{first} + c.k * {SERVICES} + s.life",
            "ref": "'B' || c.k || '-' || s.life",
            "version": "1",
            "key": "c.k || '-' || s.life",
            "fingerprint": "''",
            "rider_id": f"{self.rider} + {self._who}",
            "offer_id": "o.id",
            "provider_code": "o.provider_code",
            "station_code": "o.station_code",
            "points": "o.points",
            "for_whom": "'rider'",
            "state": f"CASE WHEN {refunded} THEN 'refunded' ELSE 'settled' END",
            "secret": "''",
            "holds_until": bulk.instant(f"{begins} + {_DAY}"),
            "created_at": bulk.instant(begins),
            "delivered_at": bulk.instant(f"{begins} + 7200"),
            "confirm_nonce": "c.k || '-' || s.life",
            "by_book": "0" if bulk.sqlite else "false",
            "ended_at": bulk.instant(f"{begins} + {3 * _DAY}"),
            "penalty_points": "0",
        }
        lives = " UNION ALL ".join(f"SELECT {n} AS life" for n in range(SERVICES))
        self._insert(
            table_of(Redemption), made,
            f"FROM copies c CROSS JOIN ({lives}) s JOIN spots p ON p.nth = {self._spot}"
            " JOIN (SELECT o.*, row_number() OVER (ORDER BY id) - 1 AS nth FROM offers o) o"
            f" ON o.nth = (c.k + s.life) % {2 * STATIONS}"
            f" WHERE {begins} + {3 * _DAY} <= {self.now_s}",
        )  # fmt: skip

    def _photos(self) -> None:
        """Give the newest thousand closings of each month a photo before and after."""
        bulk = self.bulk
        values = {it.name: f"s.{it.name}" for it in table_of(ReportPhoto).c if it.name != "id"}
        values |= {"report_id": "r.id", "kind": "w.kind", "history_id": "NULL", "added_at": "r.created_at"}  # fmt: skip
        for n in range(MONTHS):
            start, end = self.this.plus(-n).bounds(self.zone)
            first, last = (bulk.instant(str(int(it.timestamp()))) for it in (start, end))
            self._insert(
                table_of(ReportPhoto), values,
                f"FROM (SELECT id, created_at FROM reports WHERE closed_at >= {first}"
                f" AND closed_at < {last} AND number LIKE 'BK-%' ORDER BY closed_at DESC LIMIT 1000) r"
                " CROSS JOIN (SELECT 'before' AS kind UNION ALL SELECT 'after' AS kind) w"
                " CROSS JOIN (SELECT * FROM report_photos WHERE id IN"
                " (SELECT min(id) FROM report_photos)) s",
            )  # fmt: skip

    def _follow_on(self) -> None:
        """Have PostgreSQL number what comes next after what was numbered here."""
        if self.bulk.sqlite:
            return
        for name in TABLES:
            self.bulk.rows(
                f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), (SELECT max(id) FROM {name}))"
            )
