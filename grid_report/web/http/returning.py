"""Where an address leads that only takes forms, when somebody opens or reloads it. Pure.

A refused form is drawn at the address it was sent to. Reloading that page, or going back to it,
asks for it without a form: the answer is the page the form stands on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_MEMBER: Final = (
    "allow_points", "give_number", "grant_role", "restore", "revoke_role", "sign_out", "stop_points", "suspend",
)  # fmt: skip
# The page of every form that has an address of its own; what both are called by goes along.
PAGE_OF: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        (
            "accounts.agree", "accounts.change_password", "accounts.change_profile", "accounts.choose_consents",
            "accounts.revoke_device", "accounts.sign_out_everywhere",
        ),
        "accounts.me",
    ),
    "accounts.sign_out": "reports.home",
    "unrouted.assign": "unrouted.index",
    **{f"admin_members.{name}": "admin_members.show" for name in _MEMBER},
    "admin_offers.add_slots": "admin_offers.offer",
    "admin_offers.call_off_slot": "admin_offers.offers",
    "admin_offers.decide": "admin_offers.disputes",
    "admin_offers.retire_offer": "admin_offers.offer",
    "admin_offers.retire_station": "admin_offers.station",
    "admin_offers.save_offer": "admin_offers.offer",
    "admin_offers.save_station": "admin_offers.station",
    "proposals.approve": "proposals.index",
    "proposals.decline": "proposals.index",
    "tariff.drop_draft": "tariff.draft",
    "tariff.publish": "tariff.draft",
    "tariff.withdraw": "tariff.index",
    **{
        f"admin_statements.{name}": "admin_statements.show"
        for name in ("answer", "countersign", "dispute", "stand_in")
    },
    "approvals.choose_offers": "approvals.prices",
    "approvals.step": "approvals.one",
    "permits.send": "permits.ask",
    "permits.step": "permits.one",
    "desk.merge_fold": "desk.index",
    "devices.forget": "accounts.me",
    "fairness.judge_sampled": "fairness.sampled",
    "fairness.judge_signal": "fairness.signal",
    **{f"my_data.{name}": "my_data.mine" for name in ("leave", "make_export", "send_code", "stay")},
    "choices.keep_quiet": "choices.mine",
    "wechat.disconnect": "choices.mine",
    "notify.read_all": "notify.inbox",
    "numbers.find": "numbers.counter",
    "numbers.send_code": "numbers.mine",
    "objections.answer": "objections.show",
    "objections.withdraw": "objections.mine",
    "offers.cancel": "offers.voucher",
    "offers.dispute": "offers.voucher",
    "offers.rate": "offers.voucher",
    "offers.redeem": "offers.one",
    "offers.leave": "offers.index",
    "offers.wait": "offers.index",
    "places.drop_boundaries": "places.preview_boundaries",
    "places.import_boundaries": "places.preview_boundaries",
    "preferences.save": "reports.home",
    "reports.rate": "reports.case",
    "reports.step": "reports.case",
    **{f"statements.{name}": "statements.show" for name in ("answer", "confirm", "dispute")},
    **{f"station.{name}": "station.voucher" for name in ("call_off", "confirm", "refund")},
    "second.again": "second.ask",
    "station.scan": "station.index",
    "statistics_ask.delete": "statistics_ask.ask",
    "statistics_deliveries.remove": "statistics_deliveries.index",
    **{
        f"thanks.{name}": "reports.case"
        for name in ("answer_recheck", "ask_recheck", "propose_merit")
    },
}  # fmt: skip
