"""How an offer of each kind is had: one row of a table, read by everybody."""

from __future__ import annotations

from dataclasses import astuple

import pytest

from grid_report.offers.kinds import APPLIED_FOR, WAYS, OfferKind, OpensTo
from grid_report.offers.quotas import opens_by_price


@pytest.mark.parametrize("kind", list(OfferKind))
def test_each_kind_is_had_in_one_way(kind: OfferKind) -> None:
    assert sum(astuple(kind.way)) == 1


def test_every_kind_is_in_the_table() -> None:
    assert WAYS.keys() == set(OfferKind)
    assert APPLIED_FOR == (OfferKind.APPLICATION,)


@pytest.mark.parametrize("kind", list(OfferKind))
def test_what_costs_points_needs_a_report_unless_others_decide(kind: OfferKind) -> None:
    costs = OpensTo.PROVED if kind.way.is_applied_for else OpensTo.FIRST_ACCEPTED
    assert opens_by_price(10, kind) is costs
    assert opens_by_price(0, kind) is OpensTo.PROVED
