"""What people are told of, and the facts each telling needs. What is not here is not sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

from grid_report.access.roles import Role
from grid_report.languages import as_columns, chosen, columns_by_language


class Screen(StrEnum):
    """Which page a message leads to."""

    REPORT = "report"
    UNROUTED = "unrouted"
    POINTS = "points"
    OBJECTIONS = "objections"
    REDEMPTION = "redemption"
    OFFER = "offer"
    DISPUTES = "disputes"
    STATEMENTS = "statements"
    CARD = "card"
    PROPOSALS = "proposals"
    FAIRNESS = "fairness"
    MONTH = "month"
    MEMBERS = "members"
    MEMBER = "member"
    INBOX = "inbox"


@dataclass(frozen=True)
class Kind:
    """The facts a message must bring and those it may; the rest of what it brings is dropped.

    `at_once` are the readers for whom it cannot wait until they look into the inbox, `on_demand`
    those who may ask to be told of it beside the inbox all the same.
    """

    needs: frozenset[str] = frozenset()
    may: frozenset[str] = frozenset()
    screen: Screen = Screen.REPORT
    at_once: frozenset[Role] = frozenset()
    on_demand: frozenset[Role] = frozenset()


def _kind(
    needs: str = "",
    may: str = "",
    screen: Screen = Screen.REPORT,
    *,
    at_once: Sequence[Role] = (),
    on_demand: Sequence[Role] = (),
) -> Kind:
    return Kind(
        frozenset(needs.split()),
        frozenset(may.split()),
        screen,
        frozenset(at_once),
        frozenset(on_demand),
    )


# Who has a case in hand. A street or an administrator looks at lists of cases, all day.
_AT_WORK: Final = (Role.WORKER, Role.HANDLER)
_TO_RIDER: Final = (Role.RIDER,)


# Instants are ISO 8601 with zone, days ISO dates, `category` a category's code, and so is `was`, what
# it was before; `clock` says which deadline `due` is, one a message; `community`,
# `unit` and `handler` are names. Nothing here may lead to the rider: units read these too.
KINDS: Final[Mapping[str, Kind]] = {
    "report_submitted": _kind("category community clock due", "severity", at_once=_AT_WORK),
    "reports_folded": _kind("category community"),
    "report_unrouted": _kind("category", screen=Screen.UNROUTED),
    "report_sent_on": _kind("category", "community clock due"),
    "report_accepted": _kind("category community", "clock due was", on_demand=_TO_RIDER),
    "report_rejected": _kind("category community words", on_demand=_TO_RIDER),
    "report_asked": _kind("category community words", "severity", on_demand=_TO_RIDER),
    "report_answered": _kind("category community"),
    "report_clarified": _kind("category community", "words"),
    "report_supplemented": _kind("category", "clock due"),
    "report_withdrawn": _kind("category"),
    "report_merged": _kind("category into"),
    "report_leads": _kind("category"),
    "report_goes_on": _kind("category into"),
    "report_transferred": _kind("category community", "clock due words"),
    "report_dispatched": _kind("category unit", "clock due"),
    "report_assigned_to_unit": _kind("category", "clock due community"),
    "report_returned": _kind("category words", "unit"),
    "report_back": _kind("category community", "clock due"),
    "report_went": _kind("category community", "words"),
    "report_recalled": _kind("category community", "words"),
    "report_started": _kind("category handler", "clock due"),
    "report_controlled": _kind("category"),
    "report_extended": _kind("category clock due", "words"),
    "report_suspended": _kind("category review_on", "words"),
    "report_resumed": _kind("category", "clock due"),
    "report_handled": _kind("category", "handler"),
    "report_closed": _kind("category", "community", on_demand=_TO_RIDER),
    "report_failed": _kind("category words", "clock due"),
    "report_reopened": _kind("category", "words clock due"),
    "report_urged": _kind("category", "words clock due", at_once=_AT_WORK),
    "light_yellow": _kind("category clock due"),
    "light_red": _kind("category clock due", at_once=_AT_WORK),
    "review_due": _kind("category review_on", "community"),
    "recheck_asked": _kind("category community words", on_demand=_TO_RIDER),
    "recheck_sent": _kind("category community words"),
    "points_awarded": _kind("points rule", screen=Screen.POINTS, on_demand=_TO_RIDER),
    "points_taken_back": _kind("verdict taken owed debt words", screen=Screen.POINTS),
    "points_pending": _kind("points rule", screen=Screen.POINTS),
    "objection_raised": _kind("community due", screen=Screen.OBJECTIONS),
    "objection_answered": _kind("upheld words", screen=Screen.POINTS, on_demand=_TO_RIDER),
    "proposal_waiting": _kind("proposed words", "points community", Screen.PROPOSALS),
    "audit_found": _kind("differences warnings words", screen=Screen.PROPOSALS),
    "signals_found": _kind("found", screen=Screen.FAIRNESS),
    "redemption_delivered": _kind("title points", screen=Screen.REDEMPTION),
    "redemption_called_off": _kind(
        "title points words", screen=Screen.REDEMPTION, at_once=_TO_RIDER
    ),
    "redemption_expired": _kind("title points", screen=Screen.REDEMPTION),
    "redemption_missed": _kind("title points penalty", screen=Screen.REDEMPTION),
    "redemption_refunded": _kind("title points words", screen=Screen.REDEMPTION),
    "dispute_dismissed": _kind("title words", screen=Screen.REDEMPTION),
    "redemption_disputed": _kind("title", "words", screen=Screen.DISPUTES),
    "application_waiting": _kind("paper compound stage", screen=Screen.CARD),
    "application_step": _kind(
        "step paper compound", "words points until", Screen.CARD, on_demand=_TO_RIDER
    ),
    "application_changed": _kind("step paper compound", "words", Screen.CARD),
    "application_expiring": _kind("paper compound until", screen=Screen.CARD, at_once=_TO_RIDER),
    "place_offered": _kind("title due", screen=Screen.OFFER, at_once=_TO_RIDER),
    "statement_drawn": _kind("month provider points", screen=Screen.STATEMENTS),
    "statement_confirmed_for": _kind("month provider points words", screen=Screen.STATEMENTS),
    "statement_answered_for": _kind("month provider points words", screen=Screen.STATEMENTS),
    "statement_disputed": _kind("month provider points ref words", screen=Screen.STATEMENTS),
    "statistics_ready": _kind("month area", screen=Screen.MONTH),
    "kept_left": _kind("kept", screen=Screen.MEMBER),
    "codes_used_up": _kind("most", screen=Screen.MEMBERS),
    "points_expiring": _kind("points last_day", screen=Screen.POINTS, on_demand=_TO_RIDER),
    "photo_sweep_stopped": _kind("unknown looked_at", screen=Screen.INBOX),
}

# Facts given by language, `written_in_all`; a message keeps each under the name of its column.
IN_ALL_LANGUAGES: Final = ("title", "area")
# Those who may be told of anything beside the inbox.
READERS: Final = frozenset(role for it in KINDS.values() for role in it.at_once | it.on_demand)
# What is over with the instant it names.
OVER_WHEN_DUE: Final = frozenset({"place_offered"})
# A report as dangerous as this is told at once, at any hour.
DANGEROUS: Final = 4

REPORT_PAGES: Final[Mapping[Role, str]] = {
    Role.RIDER: "reports.show",
    Role.HANDLER: "unit.show",
}
DESK_PAGE: Final = "desk.show"
OTHER_PAGES: Final[Mapping[Screen, str]] = {
    Screen.POINTS: "points.history",
    Screen.OBJECTIONS: "objections.index",
    Screen.UNROUTED: "unrouted.index",
    Screen.REDEMPTION: "offers.voucher",
    Screen.OFFER: "offers.one",
    Screen.DISPUTES: "admin_offers.disputes",
    Screen.STATEMENTS: "admin_statements.index",
    Screen.PROPOSALS: "proposals.index",
    Screen.FAIRNESS: "fairness.index",
    Screen.MONTH: "statistics_exports.delivered",
    Screen.MEMBERS: "admin_members.index",
    Screen.MEMBER: "admin_members.show",
    Screen.INBOX: "notify.inbox",
}
# What a page calls the thing it is about; the others are about no single thing.
NAMED_BY: Final[Mapping[str, str]] = {
    **dict.fromkeys((*REPORT_PAGES.values(), DESK_PAGE), "number"),
    "offers.voucher": "ref",
    "offers.one": "offer_id",
    "admin_members.show": "member_id",
    "permits.one": "ref",
    "approvals.one": "ref",
    "statistics_exports.delivered": "parcel",
}


class MissingFacts(ValueError):
    """The change forgot to say what the message is to tell: a mistake in this program."""


def facts_for(kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Keep the facts a message of this kind tells; absent optional ones become None.

    Raises MissingFacts, and KeyError for a kind nobody wrote words for.
    """
    known = KINDS[kind]
    missing = sorted(known.needs - given.keys())
    if missing:
        raise MissingFacts(f"{kind} needs {', '.join(missing)}")
    facts: dict[str, Any] = {}
    for name in sorted(known.needs | known.may):
        if name in IN_ALL_LANGUAGES:
            facts |= as_columns(name, given[name])
        else:
            facts[name] = _plain(given.get(name))
    return facts


def in_one_language(facts: Mapping[str, Any], language: str) -> dict[str, Any]:
    """Return facts with what is written in every language under one name: `title`, `area`."""
    found = dict(facts)
    for name in IN_ALL_LANGUAGES:
        texts = {
            code: found.pop(it) for code, it in columns_by_language(name).items() if it in found
        }
        if texts:
            found[name] = chosen(texts, language)
    return found


def _plain(value: Any) -> Any:
    """Write instants and days as JSON can hold them."""
    if isinstance(value, datetime) and value.tzinfo is None:
        raise ValueError("an instant needs its zone")
    return value.isoformat() if isinstance(value, date) else value


def readers_beside(kind: str) -> frozenset[Role]:
    """Return who may be told of a kind beside the inbox."""
    known = KINDS.get(kind)
    return known.at_once | known.on_demand if known else frozenset()


def goes_beside(kind: str, role: Role, facts: Mapping[str, Any]) -> bool:
    """Tell whether a reader may be told of a message beside the inbox."""
    if role not in readers_beside(kind):
        return False
    # An ordinary report waits in the list for its worker.
    return kind != "report_submitted" or facts.get("severity") == DANGEROUS


def is_urgent(kind: str, facts: Mapping[str, Any]) -> bool:
    """Tell whether it cannot wait for the morning either: somebody may be hurt meanwhile."""
    if kind == "light_red":
        return facts.get("clock") == "control"
    # A question about it stops its clock until the rider has answered.
    to_be_done = kind in ("report_submitted", "report_asked")
    return to_be_done and facts.get("severity") == DANGEROUS


def page_for(kind: str, role: Role) -> str:
    """Return the endpoint a message leads its reader to."""
    screen = KINDS[kind].screen if kind in KINDS else Screen.REPORT
    if screen is Screen.STATEMENTS and role is Role.STATION_STAFF:
        return "statements.index"
    if screen is Screen.CARD:
        return "permits.one" if role is Role.RIDER else "approvals.one"
    if screen in OTHER_PAGES:
        return OTHER_PAGES[screen]
    return REPORT_PAGES.get(role, DESK_PAGE)
