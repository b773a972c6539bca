"""The way of a redemption, written down a second time: a change must be made in both."""

from __future__ import annotations

from grid_report.offers.redemptions.lifecycle import (
    COUNTED,
    DELIVERED_ONCE,
    OVER,
    REDEMPTION_MOVES,
    RedemptionState,
)

DESIGN = """
reserved confirm delivered station capture
reserved cancel cancelled rider release,back
reserved provider_cancel provider_cancelled administrator,station release,back
reserved expire expired system release,back
reserved miss no_show system noshow
delivered dispute disputed rider,system keep
delivered refund refunded administrator,station refund
delivered settle settled system settle
disputed refund refunded administrator,station refund
disputed dismiss settled administrator settle
"""


def test_the_table_is_the_one_of_the_design() -> None:
    written = {
        f"{state.value} {step.value} {move.to.value} "
        f"{','.join(sorted(it.value for it in move.by))} "
        f"{move.points.value}{',back' if move.gives_back else ''}"
        for (state, step), move in REDEMPTION_MOVES.items()
    }
    assert written == set(DESIGN.strip().splitlines())


def test_only_what_was_given_back_does_not_count_against_a_quota() -> None:
    given_back = {move.to for move in REDEMPTION_MOVES.values() if move.gives_back}
    assert set(RedemptionState) - COUNTED == given_back | {RedemptionState.REFUNDED}


def test_what_was_handed_out_once_and_what_is_over() -> None:
    assert {it.value for it in DELIVERED_ONCE} == {"delivered", "disputed", "settled", "refunded"}
    going = {it.value for it in set(RedemptionState) - OVER}
    assert going == {"reserved", "delivered", "disputed"}
