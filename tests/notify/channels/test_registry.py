"""Channels are switched on by name; what is half set up stops the start and is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from grid_report import create_app
from grid_report.notify.channels import registry, templates
from grid_report.notify.channels.registry import CHANNELS
from grid_report.notify.channels.templates import Table
from grid_report.notify.kinds import KINDS, readers_beside
from grid_report.notify.outgoing import Channel
from grid_report.settings import Settings, SettingsError, load
from tests.notify.channels.sending import Pigeon
from tests.notify.wechat.pretending import EXAMPLE, wechat_of
from tests.support.carrier import sms_of


def settings_of(channels: Any, **sms: Any) -> Settings:
    values = sms_of("https://sms.example") | sms
    return load(
        {"GRID_REPORT_ENV": "testing"},
        {"sms": values, **wechat_of("http://127.0.0.1:8", channels=channels)},
    )


def test_none_is_switched_on_by_default() -> None:
    assert registry.switched_on(load({"GRID_REPORT_ENV": "testing"})) == ()


def test_a_channel_goes_by_the_name_it_is_in_the_table_under() -> None:
    for name in CHANNELS:
        assert [one.name for one in registry.switched_on(settings_of([name]))] == [name]


@pytest.mark.database
def test_each_channel_has_words_for_the_page_that_offers_it(app: Flask) -> None:
    words = app.jinja_env.get_template("notify/_channels.html").module
    assert [name for name in CHANNELS if not hasattr(words, name)] == []


def test_those_named_are_built_in_their_order_each_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def pigeon(settings: Settings, _table: Table) -> Channel:
        return Pigeon(settings.county.code)

    monkeypatch.setattr(registry, "CHANNELS", {**CHANNELS, "pigeon": pigeon})
    built = registry.switched_on(settings_of("pigeon, sms pigeon"))
    assert [one.name for one in built] == ["211282", "sms"]


@pytest.mark.parametrize(
    ("channels", "sms", "named"),
    [
        (["sms", "telex"], {}, "notify.channels: there is no channel telex; there are sms, wechat"),
        (["sms"], {"endpoint": ""}, "notify.channels: sms needs sms.endpoint"),
        (["sms"], {"notices_per_day": 2, "most_per_day": 3}, "sms.notices_per_day: at most half"),
    ],
)
def test_what_is_half_set_up_is_refused_by_name(
    channels: list[str], sms: dict[str, Any], named: str
) -> None:
    with pytest.raises(SettingsError, match=named):
        registry.switched_on(settings_of(channels, **sms))


@pytest.mark.parametrize(
    ("section", "name", "value", "named"),
    [
        ("wechat", "app_id", "", "wechat needs wechat.app_id"),
        ("wechat", "app_secret", "", "wechat needs GRID_REPORT_WECHAT__APP_SECRET"),
        ("server", "public_url", "", "wechat needs server.public_url"),
        ("notify", "templates", "", "wechat needs rows in notify.templates"),
        ("notify", "templates", "/nowhere.csv", "notify.templates: /nowhere.csv: cannot be read"),
    ],
)
def test_wechat_that_is_half_set_up_is_refused_by_name(
    section: str, name: str, value: str, named: str
) -> None:
    values = wechat_of("http://127.0.0.1:8")
    values[section][name] = value
    with pytest.raises(SettingsError, match=named):
        registry.switched_on(load({"GRID_REPORT_ENV": "testing"}, values))


def test_text_messages_need_one_registered_text_at_least(tmp_path: Path) -> None:
    values = {"notify": {"channels": ["sms"]}, "sms": sms_of("https://x", notice_template_code="")}
    with pytest.raises(SettingsError, match="sms needs sms\\.notice_template_code"):
        registry.switched_on(load({"GRID_REPORT_ENV": "testing"}, values))
    table = tmp_path / "table.csv"
    table.write_text("kind,channel,template,fields\npoints_expiring,sms,SMS_7,day={last_day}\n")
    values["notify"]["templates"] = str(table)
    (sms,) = registry.switched_on(load({"GRID_REPORT_ENV": "testing"}, values))
    assert sms.tells_of("points_expiring")
    assert not sms.tells_of("report_urged")


def test_the_example_names_each_kind_members_may_be_told_of_beside_the_inbox() -> None:
    table = templates.read(str(EXAMPLE), registry.FIELDS)
    wanted = {kind for kind in KINDS if readers_beside(kind)}
    # A step of an application and an objection bring words and codes, and so no field.
    assert wanted - {kind for kind, _ in table} == {"application_step", "objection_answered"}


def test_half_of_the_day_may_be_notices() -> None:
    assert registry.switched_on(settings_of(["sms"], notices_per_day=2, most_per_day=4))


@pytest.mark.database
def test_the_app_has_the_channels_of_its_settings(another_app: Callable[..., Flask]) -> None:
    on = another_app(notify={"channels": ["sms"]}, sms=sms_of("https://sms.example"))
    assert [one.name for one in on.extensions["grid_report_channels"]] == ["sms"]


def test_the_app_does_not_start_with_a_channel_that_is_not_there(tmp_path: Path) -> None:
    storage = {"database_url": f"sqlite:///{tmp_path}/none.sqlite", "data": str(tmp_path)}
    settings = load(
        {"GRID_REPORT_ENV": "testing"}, {"notify": {"channels": ["telex"]}, "storage": storage}
    )
    with pytest.raises(SettingsError, match="telex"):
        create_app(settings)
