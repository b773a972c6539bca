"""Every screen of the site: whose it is, how it is reached, what is done on it."""

from __future__ import annotations

from grid_report.clock import Month
from tests.support import present
from tests.support.visits.acts import (
    apply_with_nothing,
    ask_for_a_code,
    change_the_tariff,
    choose_an_emergency,
    disagree,
    follow,
    keep_the_question,
    open_the_map,
    open_the_menu,
    propose_points,
    send_as_it_is,
    unfold_all,
    upload_boundaries,
)
from tests.support.visits.no_pages import NO_PAGES
from tests.support.visits.points_story import HELD_WITHOUT_SERVICE
from tests.support.visits.screen import Screen

QUIZ_AS_IT_IS = send_as_it_is("form[action$=quiz]")

__all__ = ["NO_PAGES", "PHONES", "SCREENS", "Screen"]

PHONES = {
    "guest": "",
    "rider": "13900000001",
    "worker": "13900000101",
    "supervisor": "13900000201",
    "handler": "13900000301",
    "station": "13900000401",
    "administrator": "13900000901",
    "auditor": "13900000902",
}

ROW = "[data-rows] a[data-row]"
VOUCHER = "main a[href*='/my/services/R-']"
CARD_OFFER = "main a.offer-row:has(.offer-card)"
CARD, MY_CARD = "main a[href^='/cards/R-']", "main a[href^='/my/cards/R-']"
MEMBER = "main a[href^='/admin/members/']:not([href$=new])"
SIGNAL = "main a[href*='/fairness/signals/']"
RIDER_SEEN = "main td a[href*='/oversight/riders/']"
# The story's holds are the ledger's alone: no service stands behind them.
SERVICE_SEEN = "main td a[href*='/oversight/redemptions/']" + "".join(
    f":not([href$='{ref}'])" for ref in HELD_WITHOUT_SERVICE
)
SAMPLED = "main a[href*='/fairness/sample/']"
# The month that is over, and those around it, whatever day the tests begin on.
THIS = Month.of(present.beginning(), present.COUNTY)
LAST, BEFORE = THIS.plus(-1), THIS.plus(-2)
QUESTION = (
    f"from={THIS.plus(-11)}&to={THIS}&area=211282&rows=month&columns=m_received&columns=r_closing"
)
SCREENS: dict[str, list[Screen]] = {
    "guest": [
        Screen("sign-in", "accounts.sign_in", "/sign-in"),
        Screen(
            "sign-in-refused",
            "accounts.sign_in",
            "/sign-in",
            act=send_as_it_is("form:has([type=password])"),
            status=422,
        ),
        Screen("sign-up", "accounts.sign_up", "/sign-up"),
        Screen(
            "sign-up-refused",
            "accounts.sign_up",
            "/sign-up",
            act=send_as_it_is("form:has([name=is_16])"),
            status=422,
        ),
        Screen("privacy", "accounts.privacy", "/privacy"),
        Screen("code", "accounts.code", "/sign-in/code"),
        Screen("code-enter", "accounts.enter_code", "/sign-in/code/enter", act=ask_for_a_code),
        Screen("open-data", "open_data.index", "/open-data"),
        Screen("offline", "pages.offline", "/offline"),
        Screen("tour", "pages.tour", "/tour?next=/sign-up"),
        Screen("hazards", "kinds.index", "/hazards"),
        Screen("verify-unknown", "permits.verify", "/verify/no-such-card", status=404),
        Screen("components", "pages.components", "/components"),
        Screen("error-404", "", "/nothing/here", status=404),
        Screen(
            "error-400",
            "accounts.sign_in",
            "/sign-in",
            act=send_as_it_is("form:has([type=password])", without="[name=csrf_token]"),
            status=400,
        ),
    ],
    "rider": [
        Screen("report-new", "reports.new", "/report/new"),
        Screen(
            "report-new-refused",
            "reports.new",
            "/report/new",
            act=send_as_it_is("#report-form"),
            status=422,
        ),
        Screen("report-call-first", "reports.new", "/report/new", act=choose_an_emergency),
        Screen("report-map", "reports.new", "/report/new", act=open_the_map),
        Screen("my-reports", "reports.mine", "/my/reports"),
        Screen("my-report-open", "reports.show", "/my/reports?state=open", "main a[href*='/KY-']"),
        Screen("my-report-done", "reports.show", "/my/reports?state=done", "main a[href*='/KY-']"),
        Screen("report-sent", "reports.sent", "/report/sent/{number}"),
        Screen("news", "choices.mine", "/me/notifications"),
        Screen("points", "points.history", "/my/points"),
        Screen("points-why", "points.why", "/my/points", "main a[href*='/my/points/']"),
        Screen("points-meal", "points.why", "/my/points", "main a.card-row:has-text('R-3K7MQ9A')"),
        Screen("points-hold", "points.why", "/my/points", "main a.point-line:has-text('R-5H2W')"),
        Screen("points-unpaid", "points.unpaid", "/my/points", "main a[href*='/unpaid/']"),
        Screen("points-month", "points.month", "/my/points/month"),
        Screen("points-report", "report_points.show", "/my/points/report/{number}"),
        Screen("object", "objections.new", "/my/points", "main a[href*='/my/points/']", disagree),
        Screen("objection", "objections.mine", "/my/points", "main a[href*='/objections/']"),
        Screen("rules", "learning.rules", "/rules"),
        Screen("handbook", "learning.index", "/handbook"),
        Screen("handbook-unit", "learning.unit", "/handbook/photo"),
        Screen("quiz", "learning.quiz", "/handbook/quiz"),
        Screen("quiz-wrong", "learning.quiz", "/handbook/quiz", "", QUIZ_AS_IT_IS, 422),
        Screen("services", "offers.index", "/services"),
        Screen("services-near", "offers.index", "/services?community=211282001001&show=affordable"),
        Screen("service-slot", "offers.one", "/services?show=free", "main a[href*='/services/']"),
        Screen("service-meal", "offers.one", "/services", "main a.offer-row:has(.price .icon)"),
        Screen(
            "service-refused",
            "offers.one",
            "/services?show=free",
            "main a[href*='/services/']",
            send_as_it_is("form[data-redeem]"),
            422,
        ),
        Screen("stations", "offers.stations", "/services/stations"),
        Screen("station", "offers.station", "/services/stations/station-01"),
        Screen("vouchers", "offers.mine", "/my/services"),
        Screen(
            "voucher",
            "offers.voucher",
            "/my/services",
            f"{VOUCHER}:has(.tone-brand):not(:has(.offer-card))",
        ),
        Screen(
            "voucher-done",
            "offers.voucher",
            "/my/services",
            f"{VOUCHER}:not(:has(.tone-brand)):not(:has(.offer-card))",
            unfold_all,
        ),
        Screen("card", "permits.one", "/my/services", MY_CARD, unfold_all),
        Screen(
            "card-apply", "permits.ask", "/services", CARD_OFFER, follow("main a[href$='/apply']")
        ),
        Screen(
            "card-apply-refused", "permits.ask", "/services", CARD_OFFER, apply_with_nothing, 422
        ),
        Screen("inbox", "notify.inbox", "/inbox"),
        Screen("me", "accounts.me", "/me"),
        Screen("me-number", "numbers.mine", "/me/number"),
        Screen("my-data", "my_data.mine", "/me/data", act=unfold_all),
        Screen("error-403", "desk.index", "/desk", status=403),
    ],
    "worker": [
        Screen("desk", "desk.index", "/desk"),
        Screen("desk-menu", "desk.index", "/desk", act=open_the_menu, within="header.bar"),
        Screen("desk-nothing-found", "desk.index", "/desk?q=nowhere-at-all"),
        Screen("case-new", "desk.show", "/desk?state=submitted", ROW),
        Screen("case-new-unfolded", "desk.show", "/desk?state=submitted", ROW, unfold_all),
        Screen(
            "case-refused",
            "desk.show",
            "/desk?state=submitted",
            ROW,
            send_as_it_is("form[data-step=reject]"),
            422,
        ),
        Screen("case-handled", "desk.show", "/desk?state=handled", ROW),
        Screen("case-stopped", "desk.show", "/desk?state=needs_info,suspended", ROW),
        Screen("case-finished", "desk.show", "/desk?state=done", ROW),
        Screen("budgets-worker", "budgets.index", "/budgets"),
        Screen("desk-cards", "approvals.index", "/cards?pile=under_way"),
        Screen("desk-card", "approvals.one", "/cards?pile=under_way", CARD, unfold_all),
        Screen("inbox-worker", "notify.inbox", "/inbox"),
    ],
    "supervisor": [
        Screen("desk-street", "desk.index", "/desk"),
        Screen("objections", "objections.index", "/desk/objections"),
        Screen("objection-desk", "objections.show", "/desk/objections", "main tbody a"),
        Screen(
            "objection-refused",
            "",
            "/desk/objections",
            "main tbody a",
            send_as_it_is("main form[action$='/answer']"),
            422,
        ),
        Screen("second-look", "fairness.index", "/fairness"),
        Screen("signal", "fairness.signal", "/fairness?state=all", SIGNAL),
        Screen("sample", "fairness.sample", "/fairness/sample"),
        Screen("sampled", "fairness.sampled", "/fairness/sample", SAMPLED),
        Screen("sampled-refused", "", "/fairness/sample", SAMPLED, send_as_it_is("main form"), 422),
        Screen("rates", "fairness.rates", "/fairness/rates"),
        Screen("figures-street", "statistics.month", "/statistics"),
        Screen("figures-street-map", "statistics_compare.heat", f"/statistics/{LAST}/map"),
    ],
    "handler": [
        Screen("unit", "unit.index", "/unit"),
        Screen("unit-case", "unit.show", "/unit", "main a[href*='/unit/KY-']", unfold_all),
        Screen("firm-cards", "approvals.index", "/cards"),
        Screen("firm-card", "approvals.one", "/cards", CARD, unfold_all),
        Screen("firm-prices", "approvals.prices", "/owner-prices?compound=211282001001-01"),
        Screen("inbox-unit", "notify.inbox", "/inbox"),
    ],
    "station": [
        Screen("scanner", "station.index", "/station"),
        Screen(
            "scanner-refused",
            "station.index",
            "/station",
            act=send_as_it_is("[data-scanner-form]"),
            status=422,
        ),
        Screen("station-today", "station.today", "/station/today"),
        Screen(
            "station-voucher",
            "station.voucher",
            "/station/today",
            "main a[href*='/station/vouchers/']",
            unfold_all,
        ),
        Screen("station-book", "station.book", "/station/book"),
        Screen("statements", "statements.index", "/station/statements"),
        Screen(
            "statement",
            "statements.show",
            "/station/statements",
            "main h2 ~ * a[href*='/station/statements/']",
            unfold_all,
        ),
        Screen(
            "statement-running",
            "statements.show",
            "/station/statements",
            "main a[href*='/station/statements/']",
        ),
        Screen("me-station", "accounts.me", "/me"),
        Screen("confirm-number", "numbers.counter", "/confirm-number"),
    ],
    "administrator": [
        Screen("figures", "statistics.month", "/statistics", act=unfold_all),
        Screen("figures-frozen", "statistics.month", f"/statistics/{LAST}?sort=closing-up"),
        Screen("figures-unrouted", "statistics.month", f"/statistics/{LAST}?area=unrouted"),
        Screen("figures-changes", "statistics.changes", f"/statistics/{LAST}/changes"),
        Screen(
            "figures-cases",
            "statistics.behind",
            "/statistics",
            "main a[href*='/cases?'][href*='measure=received']",
        ),
        Screen("deliveries", "statistics_deliveries.index", "/statistics/deliveries"),
        Screen(
            "delivery-new",
            "statistics_deliveries.index",
            "/statistics/deliveries?role=supervisor",
        ),
        Screen(
            "delivery-refused",
            "statistics_deliveries.index",
            "/statistics/deliveries?role=supervisor",
            act=send_as_it_is("main form:has([name=day])"),
            status=422,
        ),
        Screen("figures-map", "statistics_compare.heat", f"/statistics/{LAST}/map"),
        Screen(
            "figures-map-rate",
            "statistics_compare.heat",
            f"/statistics/{LAST}/map?measure=handling_in_time",
        ),
        Screen(
            "figures-compare",
            "statistics_compare.compare",
            f"/statistics/compare?a={THIS.year}&b={THIS.year - 1}",
        ),
        Screen(
            "figures-compare-refused",
            "statistics_compare.compare",
            f"/statistics/compare?a=own&a_from={LAST}&a_to={BEFORE}&w_rework=many",
            status=422,
        ),
        Screen("figures-ask", "statistics_ask.ask", "/statistics/ask"),
        Screen("figures-answer", "statistics_ask.ask", f"/statistics/ask?{QUESTION}"),
        Screen(
            "figures-kept",
            "statistics_ask.saved",
            f"/statistics/ask?{QUESTION}",
            act=keep_the_question,
        ),
        Screen(
            "figures-ask-refused",
            "statistics_ask.ask",
            f"/statistics/ask?rows=month&from={LAST}&to={BEFORE}",
            status=422,
        ),
        Screen("figures-year", "statistics_sheets.year", f"/statistics/years/{THIS.year}"),
        Screen("figures-bulletin", "statistics_sheets.bulletin", f"/statistics/{LAST}/bulletin"),
        Screen("figures-help", "statistics.definitions", "/statistics/help"),
        Screen(
            "figures-freeze",
            "statistics.ask_freeze",
            f"/statistics/choose?month={LAST}",
            "main a[href$='/freeze']",
        ),
        Screen("unrouted", "unrouted.index", "/admin/unrouted"),
        Screen("members", "admin_members.index", "/admin/members"),
        Screen("member", "admin_members.show", "/admin/members", MEMBER),
        Screen("member-new", "admin_members.new", "/admin/members/new"),
        Screen(
            "member-new-refused",
            "admin_members.new",
            "/admin/members/new",
            act=send_as_it_is("main form"),
            status=422,
        ),
        Screen("boundaries", "places.boundaries", "/admin/boundaries"),
        Screen(
            "boundaries-preview",
            "places.preview_boundaries",
            "/admin/boundaries",
            act=upload_boundaries,
        ),
        Screen("gates", "gates.index", "/admin/gates"),
        Screen("gate-sign", "gates.sign", "/admin/gates", "main td a[href$='size=a6']"),
        Screen("categories", "categories.index", "/admin/categories"),
        Screen("budgets", "budgets.index", "/budgets"),
        Screen("budget", "budgets.community", "/budgets", "main tbody a"),
        Screen("tariff", "tariff.index", "/admin/tariff"),
        Screen("tariff-draft", "tariff.draft", "/admin/tariff/draft"),
        Screen("tariff-tried", "tariff.index", "/admin/tariff/draft", act=change_the_tariff),
        Screen("proposals", "proposals.index", "/admin/proposals", act=unfold_all),
        Screen(
            "proposals-refused",
            "proposals.index",
            "/admin/proposals",
            act=send_as_it_is("#grant form"),
            status=422,
        ),
        Screen("proposals-waiting", "proposals.index", "/admin/proposals", act=propose_points),
        Screen("offers", "admin_offers.offers", "/admin/offers"),
        Screen(
            "offer",
            "admin_offers.offer",
            "/admin/offers",
            "main tr:has-text('0') a[href^='/admin/offers/']",
            unfold_all,
        ),
        Screen("offer-new", "admin_offers.new_offer", "/admin/new-offer"),
        Screen(
            "offer-new-refused",
            "admin_offers.new_offer",
            "/admin/new-offer",
            act=send_as_it_is("main form"),
            status=422,
        ),
        Screen("stations-admin", "admin_offers.stations", "/admin/stations"),
        Screen("station-admin", "admin_offers.station", "/admin/stations/station-01"),
        Screen("station-new", "admin_offers.new_station", "/admin/new-station"),
        Screen("disputes", "admin_offers.disputes", "/admin/disputes"),
        Screen("statements-admin", "admin_statements.index", "/admin/statements"),
        Screen(
            "statement-admin",
            "admin_statements.show",
            # Named: the site's clock may pass into the next month meanwhile.
            f"/admin/statements?month={LAST}",
            "main table a[href^='/admin/statements/']",
            unfold_all,
        ),
        Screen("owner-prices", "approvals.prices", "/owner-prices?compound=211282001001-03"),
        Screen("me-administrator", "accounts.me", "/me"),
    ],
    "auditor": [
        Screen("desk-auditor", "desk.index", "/desk"),
        Screen("case-auditor", "desk.show", "/desk", ROW),
        Screen("trail", "oversight.trail", "/oversight/trail"),
        Screen("journal", "oversight.journal", "/oversight/journal"),
        Screen("event", "oversight.event", "/oversight/journal", "main td.num a"),
        Screen("rider-seen", "oversight.rider", "/oversight/journal?kind=award", RIDER_SEEN),
        Screen(
            "service-seen", "oversight.redemption", "/oversight/journal?kind=hold", SERVICE_SEEN
        ),
        Screen("look", "oversight.ask_look", "/oversight/members/1/look"),
    ],
}
PHONE_SIDE = ("guest", "rider", "handler", "station")
