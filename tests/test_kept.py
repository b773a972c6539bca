"""The worker's app is lent to the next test only as the one before found it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from flask import Flask

from grid_report.media.kit import Media
from grid_report.settings import Settings
from tests.support.kept import KeptApps


def _asks_for_nothing(app: Flask) -> None:
    app.view_functions["desk.index"] = lambda: ""


def _says_yes(app: Flask) -> None:
    app.jinja_env.globals["may"] = lambda _: True


def _shows_nothing(app: Flask) -> None:
    app.jinja_env.filters["show_time"] = lambda _: ""


def _goes_round(app: Flask) -> None:
    real = app.wsgi_app
    app.wsgi_app = partial(real)  # type: ignore[method-assign]


def _adds_a_route(app: Flask) -> None:
    app.view_functions["more"] = lambda: ""


@pytest.mark.parametrize(
    "change", [_asks_for_nothing, _says_yes, _shows_nothing, _goes_round, _adds_a_route]
)
def test_an_app_something_was_put_on_is_not_lent_again(
    settings: Settings, decoders: Media, change: Callable[[Flask], None]
) -> None:
    apps = KeptApps()
    first = apps.on(settings, decoders)
    assert apps.on(settings, decoders) is first
    change(first)
    second = apps.on(settings, decoders)
    assert second is not first
    assert apps.on(settings, decoders) is second
