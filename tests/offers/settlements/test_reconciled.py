"""A month by handing out and by settling: one line on its statements and on its figures."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from grid_report.access import Actor, Grant
from grid_report.access.roles import Role
from grid_report.clock import Month
from grid_report.offers.counter import usecases as counter_usecases
from grid_report.offers.counter.commands import Scan
from grid_report.offers.redemptions import scheduled as redemptions_scheduled
from grid_report.offers.redemptions import usecases as redemptions_usecases
from grid_report.offers.redemptions import vouchers
from grid_report.offers.redemptions.commands import Redeem
from grid_report.offers.settlements import list_queries
from grid_report.offers.settlements import usecases as settlements_usecases
from tests.support.builders import STREET, Make

pytestmark = pytest.mark.database

DAY = timedelta(days=1)


def plain(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def hand_out(make: Make, rider: Actor, staff: Actor, at: datetime, station: str) -> None:
    zone = make.settings.county.tz
    offer = make.offer(station)
    command = Redeem(key=str(uuid.uuid4()), offer_id=offer)
    taken = redemptions_usecases.redeem(command, actor=rider, zone=zone, now=at).redemption
    text = vouchers.text_for(taken.ref, taken.secret, vouchers.step_at(at))
    counter_usecases.scan(Scan(qr=text), actor=staff, now=at)
    counter_usecases.confirm(taken.ref, f"n-{taken.ref}", actor=staff, now=at)


def lived(make: Make) -> Month:
    """Hand out two late in August, three in September and one at its end; draw both months."""
    zone = make.settings.county.tz
    rider, station = make.rider(), make.station()
    staff = make.member(Grant(Role.STATION_STAFF, station))
    for month, day in ((8, 30), (8, 31), (9, 3), (9, 4), (9, 5), (9, 29)):
        hand_out(make, rider, staff, datetime(2026, month, day, 3, tzinfo=UTC), station)
    for at in (datetime(2026, 9, 12, tzinfo=UTC), datetime(2026, 10, 12, tzinfo=UTC)):
        redemptions_scheduled.settle_due(now=at)
        settlements_usecases.draw_due(zone=zone, fen_per_point=10, now=at)
    return Month(2026, 9)


def test_what_was_handed_out_and_what_was_settled_differ_by_what_is_said(make: Make) -> None:
    month = lived(make)
    found = list_queries.reconcile(month, zone=make.settings.county.tz)
    assert (found.handed_out, found.listed, found.earlier, found.later) == (4, 5, 2, 1)
    assert found.handed_out - found.later + found.earlier == found.listed
    other = list_queries.reconcile(month, zone=make.settings.county.tz, provider="nobody")
    assert (other.handed_out, other.listed, other.earlier, other.later) == (0, 0, 0, 0)


def test_the_same_line_stands_on_the_statements_and_on_the_months_figures(make: Make) -> None:
    month = lived(make)
    client = make.signed_in(make.administrator())
    line = re.compile(r"按发放：本月发放.*?本月结算单共5项、0分。")
    pages = (
        f"/statistics/{month}",
        f"/admin/statements?month={month}",
        f"/admin/statements/of-station-1/{month}",
    )
    said = set()
    for path in pages:
        found = line.search(plain(client.get(path).text))
        assert found is not None, path
        said.add(found[0])
    (words,) = said
    assert "本月发放4项" in words
    assert "的1项" in words
    assert "的2项" in words
    # As the month's own figure has it.
    figures = plain(client.get(f"/statistics/{month}").text)
    assert re.search(r"已提供服务 [^0-9]*4 ", figures)
    # An area has no statements, and a month nobody drew says so.
    assert not line.search(plain(client.get(f"/statistics/{month}?area={STREET}").text))
    hand_out(
        make, make.rider(), make.member(Grant(Role.STATION_STAFF, "station-1")), make.now, "station-1"
    )  # fmt: skip
    running = plain(
        client.get(f"/admin/statements?month={Month.of(make.now, make.settings.county.tz)}").text
    )
    assert "按发放：本月发放1项、0分；按结算：本月结算单尚未生成。" in running
