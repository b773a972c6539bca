"""What is the same for every test, kept by the worker: the app, pages, addresses, statements.

A test has a database, photos and settings of its own; but making an app takes twenty
milliseconds, compiling a page as many, the addresses of all routes thirty and every statement
one, and a thousand of them would come to the same result. Nothing of a test is kept: what one
put on the app is taken off again, and code is found by everything it was made from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MethodType
from typing import Any

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Engine, make_url
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

from grid_report import application, create_app
from grid_report import db as database
from grid_report.db import db
from grid_report.media.kit import Media
from grid_report.places import queries as places_queries
from grid_report.places.geo.reference import Reference
from grid_report.settings import County, Settings
from grid_report.web.pages.compiling import PageEnvironment

BUILDERS = ("_build", "_build_unknown")


class KeptPages(BytecodeCache):
    """Compiled templates, by their text and what they were compiled for."""

    def __init__(self) -> None:
        self.code: dict[tuple[object, str, str], Any] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Take the code that is kept, if any."""
        bucket.code = self.code.get(self._key(bucket))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep code just compiled."""
        self.code[self._key(bucket)] = bucket.code

    @staticmethod
    def _key(bucket: Bucket) -> tuple[object, str, str]:
        assert isinstance(bucket.environment, PageEnvironment)
        return bucket.environment.known, bucket.key, bucket.checksum


def keep_addresses() -> None:
    """Let each rule be read, and its builders be compiled, once a worker: they depend on it alone.

    Werkzeug does it for every route of every app, which took a third of the time of small tests.
    """
    compiled = Rule.compile
    kept: dict[tuple[object, ...], dict[str, Any]] = {}

    def compile_once(rule: Rule) -> None:
        if rule.defaults:
            compiled(rule)
            return
        key = rule.rule, rule.subdomain, rule.host, rule.merge_slashes
        if key not in kept:
            compiled(rule)
            kept[key] = {
                name: vars(rule)[name] for name in ("_parts", "_trace", "_converters", "arguments")
            } | {name: vars(rule)[name].__func__ for name in BUILDERS}
            return
        for name, value in kept[key].items():
            setattr(rule, name, MethodType(value, rule) if name in BUILDERS else value)

    Rule.compile = compile_once  # type: ignore[method-assign,assignment]


class KeptPlaces:
    """The places every fresh database begins with, by the stamp they are written under.

    A database whose places were changed has a later stamp, and its app reads them anew.
    """

    def __init__(self) -> None:
        self.read: tuple[int, Reference] | None = None
        self.county: County | None = None

    def keep(self) -> None:
        """Read the places of the running app, whose database is fresh, once a worker."""
        if self.read is None:
            cache = places_queries.cache()
            cache.get(db.session())
            db.session.remove()
            self.read, self.county = cache.kept, cache.county

    def lend(self) -> None:
        """Spare the running app the reading."""
        cache = places_queries.cache()
        if self.county == cache.county:
            cache.kept = self.read


STATEMENTS: LRUCache[Any, Any] = LRUCache(5000)


def keep_statements(engine: Engine) -> None:
    """Let an engine use the statements compiled for another of the same kind.

    They are kept by their dialect, of which every engine has one of its own, all alike.
    """
    kind = type(engine.dialect)
    kind.__eq__ = lambda self, other: type(self) is type(other)  # type: ignore[method-assign]
    kind.__hash__ = lambda self: hash(type(self))  # type: ignore[method-assign]
    engine.update_execution_options(compiled_cache=STATEMENTS)


@dataclass(frozen=True)
class _Made:
    """An app, and what it held when it was new."""

    app: Flask
    shape: tuple[object, ...]
    config: dict[str, Any]
    extensions: dict[str, Any]
    listeners: int


class KeptApps:
    """One app for all tests with the same settings but for where its data lies and how late it is."""

    def __init__(self) -> None:
        self.made: dict[str, _Made] = {}

    def on(self, settings: Settings, media: Media) -> Flask:
        """Return the app, on this database and these photos."""
        kind = settings.model_dump_json(exclude={"storage": True, "server": {"clock_ahead_s"}})
        old = self.made.get(kind)
        if old is None or old.shape != shape_of(old.app):
            if old is not None:
                with old.app.app_context():
                    # Its connections would stand in the way of whoever gets their database.
                    db.engine.dispose()
            app = create_app(settings, media=media)
            with app.app_context():
                heard = listeners(db.engine)
            config, extensions = dict(app.config), dict(app.extensions)
            self.made[kind] = _Made(app, shape_of(app), config, extensions, heard)
            return app
        made = self.made[kind]
        app = made.app
        for now, new in ((app.config, made.config), (app.extensions, made.extensions)):
            now.clear()
            now.update(new)
        # As if it had not answered anything yet.
        app._got_first_request = False
        application.bind(app, settings, media)
        with app.app_context():
            bound = db.engine
        if bound.url != make_url(settings.sqlalchemy_url) or listeners(bound) != made.listeners:
            # Flask-SQLAlchemy binds an app once.
            del app.extensions["sqlalchemy"]
            app.teardown_appcontext_funcs.remove(db._teardown_session)
            database.init_app(app)
        return app


def listeners(engine: Engine) -> int:
    """Count who listens to an engine: one that a test left there would hear the next one."""
    return sum(
        len(getattr(of.dispatch, name))
        for of in (engine, engine.pool)
        for name in dir(of.dispatch)
        if not name.startswith("_")
    )


def shape_of(app: Flask) -> tuple[object, ...]:
    """Return what a test may put on an app and nobody takes off again: routes, handlers, words."""
    handlers = (app.before_request_funcs, app.after_request_funcs, app.template_context_processors)
    return (
        *(sum(map(len, of_blueprints.values())) for of_blueprints in handlers),
        sum(len(it) for codes in app.error_handler_spec.values() for it in codes.values()),
        # What took the place of something is counted no more often.
        *(_each(it) for it in (app.view_functions, app.jinja_env.globals, app.jinja_env.filters)),
        id(vars(app).get("wsgi_app")),
    )


def _each(named: Mapping[str, Any]) -> tuple[tuple[str, int], ...]:
    return tuple((name, id(it)) for name, it in named.items())
