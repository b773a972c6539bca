"""The top floor: the only module that knows every domain and ties them together."""

from __future__ import annotations

import importlib.util
from collections.abc import Collection, Mapping
from datetime import timedelta
from pathlib import Path

import jinja2
from flask import Flask
from flask_babel import Babel
from werkzeug.middleware.proxy_fix import ProxyFix

from grid_report import clock, connections, schema
from grid_report import db as database
from grid_report.access.roles import PlaceKind
from grid_report.accounts import consent_queries
from grid_report.accounts import queries as accounts_queries
from grid_report.accounts import signals as accounts_signals
from grid_report.accounts.carried_forms import routes as carried_forms_routes
from grid_report.accounts.consents import routes as consents_routes
from grid_report.accounts.devices import routes as devices_routes
from grid_report.accounts.leaving import erasure as accounts_erasure
from grid_report.accounts.leaving import routes as my_data_routes
from grid_report.accounts.leaving.erasing import Room
from grid_report.accounts.members import place_names
from grid_report.accounts.members import routes as accounts_admin_routes
from grid_report.accounts.numbers import messenger, sms_gateway
from grid_report.accounts.numbers import routes as numbers_routes
from grid_report.accounts.sign_in import second_step_routes
from grid_report.api import contract
from grid_report.fairness import erasure as fairness_erasure
from grid_report.fairness.pages import routes as fairness_routes
from grid_report.jobs import erasure as jobs_erasure
from grid_report.languages import DEFAULT, written
from grid_report.media.kit import Media
from grid_report.media.resumable import erasure as uploads_erasure
from grid_report.media.store import opening
from grid_report.notify import erasure as notify_erasure
from grid_report.notify import export_queries as notify_export_queries
from grid_report.notify import queries as notify_queries
from grid_report.notify import routes as notify_routes
from grid_report.notify import site_steps
from grid_report.notify.channels import registry
from grid_report.notify.choices import routes as choices_routes
from grid_report.notify.wechat import routes as wechat_routes
from grid_report.offers import erasure as offers_erasure
from grid_report.offers import signals as offers_signals
from grid_report.offers.catalogue import admin_routes as offers_admin_routes
from grid_report.offers.catalogue import queries as offers_queries
from grid_report.offers.catalogue import routes as offers_routes
from grid_report.offers.counter import routes as counter_routes
from grid_report.offers.leaving import steps as offers_leaving_steps
from grid_report.offers.leaving import usecases as offers_leaving
from grid_report.offers.permits import approval_routes
from grid_report.offers.permits import routes as permits_routes
from grid_report.offers.permits import steps as permits_steps
from grid_report.offers.redemptions import queries as redemptions_queries
from grid_report.offers.settlements import audit_queries
from grid_report.offers.settlements import routes as settlements_routes
from grid_report.oversight import routes as oversight_routes
from grid_report.permissions import PERMISSIONS
from grid_report.places import category_routes, gate_routes
from grid_report.places import erasure as places_erasure
from grid_report.places import queries as places_queries
from grid_report.places import routes as places_routes
from grid_report.places.basemap import routes as basemap_routes
from grid_report.places.boundaries import open_cases
from grid_report.points import erasure as points_erasure
from grid_report.points import signals as points_signals
from grid_report.points.budgets import routes as budgets_routes
from grid_report.points.history import routes as points_routes
from grid_report.points.history import statement_queries
from grid_report.points.learning import routes as learning_routes
from grid_report.points.objections import routes as objections_routes
from grid_report.points.objections import usecases as objections_usecases
from grid_report.points.proposals import routes as proposals_routes
from grid_report.points.tariff import routes as tariff_routes
from grid_report.reports import queries as reports_queries
from grid_report.reports import signals as reports_signals
from grid_report.reports.casework import boundary_steps
from grid_report.reports.desk import routes as desk_routes
from grid_report.reports.desk import unit_routes, unrouted_routes
from grid_report.reports.earnings import (
    audit_notification_steps,
    objection_notification_steps,
    proposal_notification_steps,
)
from grid_report.reports.earnings import points_routes as report_points_routes
from grid_report.reports.earnings import routes as earnings_routes
from grid_report.reports.earnings import steps as earnings_steps
from grid_report.reports.kinds import routes as kinds_routes
from grid_report.reports.leaving import erasure as reports_erasure
from grid_report.reports.leaving import queries as reports_leaving_queries
from grid_report.reports.leaving import steps as reports_leaving_steps
from grid_report.reports.leaving import usecases as reports_leaving
from grid_report.reports.pages import routes as reports_routes
from grid_report.reports.submission import kept_steps, kept_usecases
from grid_report.settings import ROOT, Settings, SettingsError
from grid_report.statistics import erasure as statistics_erasure
from grid_report.statistics.comparison import routes as statistics_compare_routes
from grid_report.statistics.counts import steps as counts_steps
from grid_report.statistics.explorer import routes as statistics_ask_routes
from grid_report.statistics.exports import routes as statistics_export_routes
from grid_report.statistics.exports import sheet_routes as statistics_sheet_routes
from grid_report.statistics.month import routes as statistics_routes
from grid_report.statistics.open_data import routes as statistics_open_routes
from grid_report.statistics.subscriptions import routes as statistics_delivery_routes
from grid_report.web import context, guard, refused_words
from grid_report.web.http import compress, headers, health, logs, problems, signin, uploads
from grid_report.web.pages import assets, compiling, filters, preferences, translations
from grid_report.web.pages import routes as pages_routes

# The order counts: what leads to another room's rows goes before them, the member last.
LEAVING = (
    Room(jobs_erasure.TABLES),
    Room(statistics_erasure.TABLES, told=statistics_erasure.TOLD),
    Room(fairness_erasure.TABLES),
    Room(
        offers_erasure.TABLES,
        ends=(
            offers_leaving.leave_queues,
            offers_leaving.end_permits,
            offers_leaving.end_redemptions,
        ),
        writes=(offers_leaving_steps.forget_words, offers_leaving_steps.forget_cards),
        told=offers_erasure.TOLD,
    ),
    Room(
        reports_erasure.TABLES,
        ends=(reports_leaving.end_cases,),
        writes=(
            reports_leaving_steps.forget_words,
            reports_leaving_steps.remove_photos,
            reports_leaving_steps.forget_phone,
        ),
        told=reports_erasure.TOLD,
        photos=reports_leaving_queries.list_photo_files,
    ),
    Room(
        notify_erasure.TABLES,
        told=notify_erasure.TOLD,
        tells=(("messages.json", notify_export_queries.list_messages),),
    ),
    Room(
        points_erasure.TABLES,
        ends=(objections_usecases.withdraw_all,),
        told=points_erasure.TOLD,
        tells=(("points/statement.csv", statement_queries.statement),),
    ),
    Room(places_erasure.TABLES),
    Room(uploads_erasure.TABLES, told=uploads_erasure.TOLD),
    Room(accounts_erasure.TABLES, told=accounts_erasure.TOLD),
)

BLUEPRINTS = (
    health.bp,
    preferences.bp,
    pages_routes.bp,
    consents_routes.bp,
    accounts_admin_routes.bp,
    numbers_routes.bp,
    second_step_routes.bp,
    devices_routes.bp,
    my_data_routes.bp,
    reports_routes.bp,
    desk_routes.bp,
    unit_routes.bp,
    unrouted_routes.bp,
    places_routes.bp,
    basemap_routes.bp,
    category_routes.bp,
    kinds_routes.bp,
    gate_routes.bp,
    earnings_routes.bp,
    points_routes.bp,
    objections_routes.bp,
    budgets_routes.bp,
    report_points_routes.bp,
    tariff_routes.bp,
    proposals_routes.bp,
    learning_routes.bp,
    offers_routes.bp,
    counter_routes.bp,
    settlements_routes.station,
    settlements_routes.admin,
    offers_admin_routes.bp,
    permits_routes.bp,
    approval_routes.bp,
    notify_routes.bp,
    choices_routes.bp,
    wechat_routes.bp,
    fairness_routes.bp,
    oversight_routes.bp,
    statistics_routes.bp,
    statistics_export_routes.bp,
    statistics_compare_routes.bp,
    statistics_ask_routes.bp,
    statistics_delivery_routes.bp,
    statistics_open_routes.bp,
    statistics_sheet_routes.bp,
    contract.bp,
)

# A report form carries photos beside its fields; the fields alone are small.
FORM_ROOM_MB = 2


def build(settings: Settings, *, media: Media | None = None) -> Flask:
    """Build the app. `media` lets several apps of one process share their decoders."""
    app = Flask(
        "grid_report",
        template_folder=str(ROOT / "templates"),
        static_folder=str(Path(__file__).parent / "static"),
    )
    app.jinja_environment = compiling.PageEnvironment
    _configure(app)
    bind(app, settings, media or Media(settings))
    database.init_app(app)
    _connect_rooms()
    consent_queries.init_app(app)
    signin.init_app(app)
    _words(app)
    app.jinja_env.globals.update(category_icon=places_queries.sign_of)
    # The order counts: an id first, then who asks, then what the answer carries.
    # Answers pass through them in reverse, so compression sees them finished.
    for module in (
        uploads,
        compress,
        logs,
        guard,
        headers,
        health,
        devices_routes,
        filters,
        assets,
        problems,
        refused_words,
    ):
        module.init_app(app)
    carried_forms_routes.init_app(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    return app


def bind(app: Flask, settings: Settings, media: Media) -> None:
    """Give an app its settings and photos: with the database all that differs between two apps."""
    if settings.server.clock_ahead_s:
        clock.run_ahead(timedelta(seconds=settings.server.clock_ahead_s))
    _configure_by(app, settings)
    places_queries.init_app(app, settings.county)
    app.extensions["grid_report"] = context.Services(
        settings=settings,
        permissions=PERMISSIONS,
        actor_for_browser=accounts_queries.actor_for_browser,
        actor_for_token=accounts_queries.actor_for_token,
        unread_count=notify_queries.count_unread,
        media=media,
        photo_names_in_use=_photo_names_in_use,
        list_photo_files=_list_photo_files,
    )
    place_names.connect(app, lambda kind: _place_names(kind, settings))
    open_cases.connect(app, lambda places: boundary_steps.Ground(places, settings))
    if settings.sms.endpoint:
        messenger.connect(app, sms_gateway.Gateway(settings.sms))
    app.extensions["grid_report_leaving"] = LEAVING
    app.extensions["grid_report_channels"] = registry.switched_on(settings)
    app.extensions["grid_report_ready"] = {
        "database": lambda: database.can_be_written(database.db.session()),
        "migrations": lambda: schema.current(database.db.engine) == schema.head(),
        "photo_store": lambda: media.ready() and opening.is_ours(media.store),
    }


def _connect_rooms() -> None:
    """Have rooms hear of what happens in others that do not know them."""
    accounts_signals.codes_used_up.connect(site_steps.codes_used_up)
    accounts_signals.person_proved.connect(kept_usecases.send_on)
    accounts_signals.number_taken.connect(kept_steps.tell_of_left)
    points_signals.due_paid.connect(earnings_steps.tell_of_late_payment)
    points_signals.points_expiring.connect(earnings_steps.tell_of_expiry)
    offers_signals.moved.connect(permits_steps.follow)
    reports_signals.taken.connect(counts_steps.note_case)
    reports_signals.submitted.connect(counts_steps.note_new_case)
    reports_signals.recalled.connect(counts_steps.note_recall)
    reports_signals.round_ended.connect(counts_steps.note_round)
    offers_signals.taken.connect(counts_steps.note_service)
    offers_signals.reserved.connect(counts_steps.note_new_service)
    points_signals.lots_changed.connect(counts_steps.note_lots)
    points_signals.points_expired.connect(counts_steps.note_expired)
    points_signals.debt_changed.connect(counts_steps.note_debt)
    points_signals.report_facts.connect(reports_queries.facts_for_audit)
    points_signals.service_names.connect(redemptions_queries.service_names)
    points_signals.report_decision.connect(objection_notification_steps.decision_about)
    points_signals.objection_raised.connect(objection_notification_steps.tell_the_street)
    points_signals.objection_answered.connect(objection_notification_steps.tell_the_rider)
    points_signals.differences.connect(audit_queries.differences_for_audit)
    points_signals.proposal_waiting.connect(proposal_notification_steps.tell_the_others)
    points_signals.audit_found.connect(audit_notification_steps.tell_administrators)
    points_signals.award_reversed.connect(audit_notification_steps.tell_the_rider)


def _photo_names_in_use(names: Collection[str]) -> set[str]:
    """Return which of these photo files any room still has a row for."""
    # An older snapshot would not know what was committed since.
    database.db.session.rollback()
    asked = sorted(names)
    return reports_queries.photo_names_in_use(asked) | offers_queries.photo_names_in_use(asked)


def _list_photo_files(after: str, limit: int) -> list[tuple[str, int | None]]:
    """Return the next photo files that have a row, by name, with their bytes where known."""
    database.db.session.rollback()
    found: dict[str, int | None] = dict(offers_queries.list_photo_files(after, limit))
    found |= dict(reports_queries.list_photo_files(after, limit))
    return sorted(found.items())[:limit]


def _configure(app: Flask) -> None:
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.jinja_env.undefined = jinja2.StrictUndefined
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True


def _configure_by(app: Flask, settings: Settings) -> None:
    if settings.sqlalchemy_url.startswith("sqlite:///"):
        file = Path(settings.sqlalchemy_url.removeprefix("sqlite:///"))
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        connections.keep_private(file)
    elif importlib.util.find_spec("psycopg") is None:
        raise SettingsError("storage.database_url: PostgreSQL needs ./run --with postgres")
    app.config.update(
        SECRET_KEY=settings.secret(),
        SQLALCHEMY_DATABASE_URI=settings.sqlalchemy_url,
        # An error must not print a phone number or a name into the log.
        SQLALCHEMY_ENGINE_OPTIONS={
            "hide_parameters": True,
            **connections.options(settings.sqlalchemy_url, settings.server.threads),
        },
        TESTING=settings.server.environment == "testing",
        MAX_CONTENT_LENGTH=(settings.photos.max_files * settings.photos.max_file_mb + FORM_ROOM_MB)
        * 1024
        * 1024,
        MAX_FORM_MEMORY_SIZE=FORM_ROOM_MB * 1024 * 1024,
        MAX_FORM_PARTS=200,
        JSON_AS_ASCII=False,
    )
    proxies = settings.server.trusted_proxies
    if proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies
        )


def _words(app: Flask) -> None:
    app.config["BABEL_DEFAULT_LOCALE"] = DEFAULT
    babel = Babel(
        app,
        locale_selector=context.language,
        timezone_selector=lambda: context.settings().county.zone,
    )
    words = app.extensions["grid_report_words"] = translations.Words()
    babel.domain_instance = words
    # For what is not known when a template is compiled. Straight to our words: Babel's own way
    # there costs more than finding the sentence.
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=lambda text: words.get_translations().ugettext(text),
        ngettext=lambda one, more, n: words.get_translations().ungettext(one, more, n),
        newstyle=True,
        pgettext=lambda about, text: words.get_translations().upgettext(about, text),
        npgettext=lambda about, one, more, n: words.get_translations().unpgettext(
            about, one, more, n
        ),
    )


def _place_names(kind: PlaceKind, settings: Settings) -> Mapping[str, str]:
    places = places_queries.reference()
    if kind is PlaceKind.COUNTY:
        return {settings.county.code: written(settings.county, "name", DEFAULT)}
    if kind is PlaceKind.STATION:
        return offers_queries.station_names()
    known: Mapping[PlaceKind, Mapping[str, object]] = {
        PlaceKind.COMMUNITY: places.communities,
        PlaceKind.STREET: places.streets,
        PlaceKind.UNIT: places.units,
    }
    return {code: info.name for code, info in known.get(kind, {}).items()}  # type: ignore[attr-defined]
