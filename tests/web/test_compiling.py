"""Templates are compiled for one language: the same pages as by Jinja's own way, only sooner."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from hashlib import sha256

import pytest
from flask import Flask
from jinja2 import DictLoader, Environment, StrictUndefined, UndefinedError
from jinja2.runtime import Undefined
from markupsafe import Markup, escape

from grid_report import create_app
from grid_report.db import db
from grid_report.media.kit import Media
from grid_report.settings import Settings
from grid_report.web.pages import assets
from grid_report.web.pages.compiling import MOST_ENVIRONMENTS, PageEnvironment, written
from tests.support.parallel import InParallel

Page = Callable[..., str]


@pytest.fixture
def app(settings: Settings, decoders: Media) -> Iterator[Flask]:
    """Return an app of the test's own: what is done to its templates shall meet nobody else."""
    made = create_app(settings, media=decoders.beside(settings))
    with made.app_context():
        yield made
        db.engine.dispose()


@pytest.fixture
def page(app: Flask) -> Page:
    """Return what renders a template given as text, for a reader of a language."""

    texts = {"base.html": BASE}
    app.jinja_env.loader = DictLoader(texts)

    def render(
        text: str, language: str = "en", *, root: str = "", plain: bool = False, **values: object
    ) -> str:
        name = f"{sha256(text.encode()).hexdigest()}.{'txt' if plain else 'html'}"
        texts[name] = text
        environ = {"SCRIPT_NAME": root}
        cookie = {"Cookie": f"language={language}"}
        with app.test_request_context("/x", headers=cookie, environ_overrides=environ):
            return app.jinja_env.get_template(name).render(**values)

    return render


BASE = "<{% block inner %}{% endblock %}>"


@pytest.mark.parametrize(
    "value", ["<b>", Markup("<b>"), 7, -1.5, None, True, "a&'\"", Markup("&lt;"), ["<"], ""]
)
def test_a_value_is_escaped_as_by_markupsafe(value: object) -> None:
    assert written(value) == escape(value)


def test_what_is_undefined_is_still_an_error(page: Page) -> None:
    assert issubclass(StrictUndefined, Undefined)
    with pytest.raises(UndefinedError):
        page("{{ nothing }}")


def test_each_reader_gets_the_words_of_their_language(page: Page) -> None:
    text = '{{ _("Closed") }}'
    assert [page(text, "en"), page(text, "zh_CN"), page(text, "en")] == [
        "Closed",
        "已结案",
        "Closed",
    ]


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_what_is_put_into_a_sentence_is_escaped(page: Page, language: str) -> None:
    text = '{{ _("%(n)s people", n=n) }}|{% set kept = _("%(n)s people", n=n) %}{{ kept }}'
    now, kept = page(text, language, n="<i>&").split("|")
    assert "&lt;i&gt;&amp;" in now
    assert now == kept
    assert "<i>&" in page(text, language, n="<i>&", plain=True)
    assert "<i>&" in page(text, language, n=Markup("<i>&"))


def test_a_percent_sign_is_written_twice_and_read_once(page: Page) -> None:
    assert page('{{ _("100%% of %(what)s", what="it") }}') == "100% of it"
    assert page('{{ _("100%%") }}') == "100%"


def test_a_sentence_inside_a_sentence(page: Page) -> None:
    text = '{{ _("%(label)s: %(words)s", label=_("kind"), words=a ~ " → " ~ b) }}'
    assert page(text, a="<", b=">") == "kind: &lt; → &gt;"


def test_a_value_missing_from_a_sentence_is_an_error(page: Page) -> None:
    with pytest.raises(KeyError):
        page('{{ _("%(n)s people") }}')


def test_addresses_know_where_the_site_is_mounted(page: Page) -> None:
    text = "{{ url_for('desk.index') }} {{ url_for('desk.index', state=state) }} {{ icon(name='send') }}"
    for root in ("", "/town", ""):
        plain, with_value, icon = page(text, root=root, state="done").split(" ", 2)
        assert plain == f"{root}/desk"
        assert with_value == f"{root}/desk?state=done"
        assert f'href="{root}/static/build/icons' in icon


def test_a_new_build_is_seen_without_a_restart(
    page: Page, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    built = f"{tmp_path}/manifest.json"
    monkeypatch.setattr(assets, "_MANIFEST", built)
    monkeypatch.setattr(assets, "_manifest", lambda changed: {"app.css": f"app-{changed:.0f}.css"})
    for at in (1000, 2000):
        with open(built, "w") as file:
            file.write("{}")
        os.utime(built, (at, at))
        assert page("{{ asset('app.css') }}") == f"/static/build/app-{at}.css"


def pages_of(app: Flask) -> PageEnvironment:
    """Return what the app's pages are made by."""
    assert isinstance(app.jinja_env, PageEnvironment)
    return app.jinja_env


def test_made_up_mounts_do_not_fill_the_memory(app: Flask, page: Page) -> None:
    for number in range(3 * MOST_ENVIRONMENTS):
        assert page("{{ url_for('desk.index') }}", root=f"/{number}") == f"/{number}/desk"
    assert len(pages_of(app).made) <= MOST_ENVIRONMENTS


def test_loops_write_the_same_wherever_they_stand(page: Page) -> None:
    loop = "{% for n in it %}{{ n }}{% if not loop.last %},{% endif %}{% else %}none{% endfor %}"
    nested = "{% for n in it %}{% for m in it %}{{ n }}{{ m }} {% endfor %}{% endfor %}"
    macro = "{% macro m(it) %}" + loop + "{% endmacro %}{{ m(it) }}"
    child = "{% extends 'base.html' %}" + loop + "{% block inner %}" + loop + "{% endblock %}"
    assert page(loop, it=["<", 2]) == page(macro, it=["<", 2]) == "&lt;,2"
    assert page(loop, it=[]) == "none"
    assert page(nested, it=[1, 2]) == "11 12 21 22 "
    assert page(child, it=[1, 2]) == "<1,2>"


def test_macros_take_what_they_declare_and_callers(page: Page) -> None:
    text = (
        "{% macro m(a, b='x') %}{{ a }}{{ b }}{{ caller() if caller is defined else '' }}{% endmacro %}"
        "{{ m('<') }}{{ m('1', b='2') }}{% call m('3') %}{{ '>' }}{% endcall %}"
    )
    assert page(text) == "&lt;x123x&gt;"
    with pytest.raises(TypeError):
        page("{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, 2) }}")


def test_nobody_is_shown_templates_for_a_language_before_they_have_its_words(app: Flask) -> None:
    real = app.extensions["grid_report_words"]
    pages = pages_of(app)
    seen: list[bool] = []

    class Watched:
        """The words of the app; looks at what others are shown while they are being read."""

        def spoken_in(self, wanted: str) -> object:
            seen.append(all(hasattr(it, "words") for it in pages.made.values()))
            return real.spoken_in(wanted)

    app.extensions["grid_report_words"] = Watched()
    for number in range(MOST_ENVIRONMENTS + 2):
        with app.test_request_context("/x", environ_overrides={"SCRIPT_NAME": f"/{number}"}):
            pages.known_here()
    assert seen == [True] * (MOST_ENVIRONMENTS + 2)


def test_what_many_threads_ask_for_first_is_made_once(
    app: Flask, in_parallel: InParallel, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages, made = pages_of(app), list[int]()
    real = pages.overlay

    def overlay() -> Environment:
        made.append(1)
        return real()

    monkeypatch.setattr(pages, "overlay", overlay)

    def ask(_number: int) -> object:
        with app.test_request_context("/x", environ_overrides={"SCRIPT_NAME": "/first"}):
            return pages.known_here()

    results = in_parallel(ask, 8)
    assert len(made) == 1
    assert len({id(result) for result in results}) == 1
