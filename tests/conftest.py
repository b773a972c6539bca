"""Fixtures of all tests. The database is real, migrated and fresh for each."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from flask import Flask
from flask.testing import FlaskClient

from grid_report import clock, create_app
from grid_report import settings as settings_module
from grid_report.db import db
from grid_report.media.kit import Media
from grid_report.settings import Settings
from tests.support import lengths, present
from tests.support.beginnings import Beginning, Beginnings
from tests.support.builders import Make
from tests.support.carrier import Carrier
from tests.support.databases import Databases, databases
from tests.support.kept import KeptApps, KeptPages, KeptPlaces, keep_addresses, keep_statements
from tests.support.lengths import Length
from tests.support.parallel import in_processes, in_threads

# What is loaded before the first test stays: see `pytest_collection_finish`.
gc.disable()

# A busy machine is slow, not wrong; and a found example must be found again by everybody.
hypothesis.settings.register_profile("grid_report", deadline=None, derandomize=True)
hypothesis.settings.load_profile("grid_report")

keep_addresses()
# Before any test: what is collected looks at the time as well.
present.begin()
PAGES = KeptPages()
APPS = KeptApps()
PLACES = KeptPlaces()


class Browser(FlaskClient):
    """A client whose every request has a context of its own, as on a real server.

    The test's own context is pushed all the time; Flask would reuse its `g` for each request.
    """

    def open(self, *args: Any, **kwargs: Any) -> Any:
        with self.application.app_context():
            return super().open(*args, **kwargs)


KIND = os.environ.get("GRID_REPORT_TEST_DATABASE", "sqlite")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let proofs be as long as a run of all has no time for."""
    lengths.add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Say how long the proofs are to be before any of them is read."""
    lengths.begin(config)


@pytest.fixture
def rounds(request: pytest.FixtureRequest) -> int:
    """Return how often processes race."""
    return lengths.rounds(request.config)


@pytest.fixture
def length(request: pytest.FixtureRequest) -> Length:
    """Return what chooses between the short round of a proof and the whole of it."""
    return lengths.chooser(request.config)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what a night has time for, and on PostgreSQL what SQLite has shown already."""
    here: dict[bool, list[pytest.Item]] = {True: [], False: []}
    for item in items:
        here[runs_here(item, config)].append(item)
    if here[False]:
        config.hook.pytest_deselected(items=here[False])
        items[:] = here[True]


def runs_here(item: pytest.Item, config: pytest.Config) -> bool:
    """Tell whether a test is of this run."""
    if item.get_closest_marker("operations") and not lengths.is_whole(config):
        return False
    if KIND != "postgresql":
        return True
    touches = item.get_closest_marker("database")
    return bool(touches and not item.get_closest_marker("one_database"))


def pytest_collection_finish() -> None:
    """Look for garbage less often, and not at all among what is loaded for good.

    A third of the time of the tests went into looking through modules, routes and models.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    gc.enable()


@pytest.fixture(autouse=True)
def the_present(request: pytest.FixtureRequest, beginning: Beginning | None) -> None:
    """Let each test begin at the same instant; on a site that runs it goes on with the site's."""
    sites = {"site", "later"} & set(request.fixturenames)
    if not request.node.get_closest_marker("browser") or not sites:
        marker = request.node.get_closest_marker("at")
        present.begin(
            earlier=-beginning.after if beginning else timedelta(0),
            at=marker.args[0] if marker else "",
        )
        return
    clock.run_ahead(request.getfixturevalue(sites.pop()).ahead)


@pytest.fixture
def carriers() -> Iterator[Callable[..., Carrier]]:
    """Return what makes gateways of text messages with the answers a test wants, in turn."""
    made: list[Carrier] = []

    def make(*answers: Any) -> Carrier:
        made.append(Carrier(*answers))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """Hand out fresh databases, made once a worker."""
    present.begin(earlier=present.BEFORE)
    with databases(KIND, tmp_path_factory.mktemp("databases")) as made:
        yield made


@pytest.fixture(scope="session")
def built(
    server: Databases, decoders: Media, tmp_path_factory: pytest.TempPathFactory
) -> Beginnings:
    """Return what builds, once a worker, the states that many tests begin at."""

    def app_on(url: str, folder: Path) -> Flask:
        settings = test_settings(url, folder)
        return an_app(settings, decoders)

    return Beginnings(server, app_on, tmp_path_factory.mktemp("beginnings"))


@pytest.fixture
def beginning() -> Beginning | None:
    """Return the state this test begins at; a module of tests may have one of its own."""
    return None


@pytest.fixture
def database_url(
    server: Databases,
    tmp_path: Path,
    beginning: Beginning | None,
    request: pytest.FixtureRequest,
) -> Iterator[str]:
    """Return a fresh migrated database for this test, or a copy of the state it begins at."""
    if beginning is None:
        url = server.fresh(tmp_path)
    else:
        url = request.getfixturevalue("built").copy(beginning, tmp_path)
    yield url
    server.drop(url)


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """Return the settings of this test's app."""
    return test_settings(database_url, tmp_path)


def test_settings(database_url: str, folder: Path, **more: dict[str, Any]) -> Settings:
    """Make settings for a database and a data folder."""
    values: dict[str, dict[str, Any]] = {
        "server": present.settings(),
        "storage": {
            "data": str(folder / "data"),
            "database_url": database_url,
            "photo_store": (folder / "photos").as_uri(),
        },
    }
    for section, changes in more.items():
        values.setdefault(section, {}).update(changes)
    return settings_module.load({"GRID_REPORT_ENV": "testing"}, values)


test_settings.__test__ = False  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def decoders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Media]:
    """Keep one pool of photo decoders for all tests of a worker."""
    folder = tmp_path_factory.mktemp("decoders")
    media = Media(test_settings(f"sqlite:///{folder}/none.sqlite", folder))
    yield media
    media.close()


def an_app(settings: Settings, decoders: Media) -> Flask:
    """Return the worker's app on a database, with the worker's decoders."""
    made = APPS.on(settings, decoders.beside(settings))
    made.test_client_class = Browser
    made.jinja_env.bytecode_cache = PAGES
    with made.app_context():
        keep_statements(db.engine)
        PLACES.lend()
    return made


@pytest.fixture
def app(settings: Settings, decoders: Media, beginning: Beginning | None) -> Iterator[Flask]:
    """Return the app on a fresh database, with its context pushed."""
    made = an_app(settings, decoders)
    with made.app_context():
        if beginning is None:
            PLACES.keep()
        yield made
        db.session.remove()
        if KIND == "sqlite":
            db.engine.dispose()


@pytest.fixture
def another_app(app: Flask, settings: Settings) -> Iterator[Callable[..., Flask]]:
    """Make further apps on this test's database, with other settings if wanted.

    Their connections are closed with the test: one that the garbage collector finds open
    later fails whichever test happens to run then.
    """
    apps: list[Flask] = []

    def made(**sections: dict[str, Any]) -> Flask:
        changed = test_settings(
            settings.storage.database_url, Path(settings.storage.data).parent, **sections
        )
        apps.append(create_app(changed, media=app.extensions["grid_report"].media))
        return apps[-1]

    yield made
    for other in apps:
        with other.app_context():
            db.session.remove()
            db.engine.dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Return a browser without script; see `make.signed_in` for one that is somebody."""
    return app.test_client()


@pytest.fixture
def make(app: Flask) -> Make:
    """Return the builders: each makes the least that is valid."""
    return Make(app)


@pytest.fixture
def in_parallel(app: Flask) -> Callable[..., list[Any]]:
    """Run a function in several threads at once, each with an app context of its own."""
    return lambda function, count, **more: in_threads(app, function, count, **more)


@pytest.fixture
def in_many_processes(app: Flask) -> Callable[..., list[Any]]:
    """Run a function in several real processes at once, forked from this one."""
    return lambda function, count, **more: in_processes(app, function, count, **more)
