"""Every setting has a range: what is at its ends is taken, what is past them is refused by name."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from grid_report.settings import CONFIG, SettingsError, load

PRODUCTION = {
    "GRID_REPORT_ENV": "production",
    "GRID_REPORT_SECRET_KEY": "k" * 32,
    "GRID_REPORT_DEMO": "0",
    "GRID_REPORT_SERVER__PUBLIC_URL": "https://grid.example.org",
}
NO_NUMBERS = ["", "many", "1e3", "1.5", "nan", "inf", None]


def whole(least: int, most: int) -> tuple[list[Any], list[Any]]:
    """Return what a whole number may be and what not."""
    return [least, most, str(least)], [least - 1, most + 1, -(10**30), 10**30, *NO_NUMBERS[1:]]


def degrees(least: float, most: float, taken: list[Any]) -> tuple[list[Any], list[Any]]:
    outside = [least - 0.1, most + 0.1, "nan", "inf", "-inf", float("nan"), float("inf"), "x", None]
    return taken, outside


FLAG = ([True, False, "1", "0", "true", "off"], ["perhaps", 2, "", None])
COUNT = whole(1, 1_000_000)
HOURS = whole(1, 8760)
DAYS = whole(1, 3650)
SECONDS = whole(1, 3600)
MINUTES = whole(1, 10_080)
NAME = (["开原市", "Kaiyuan"], ["", " ", "x" * 61, None, " Kaiyuan"])

# Of each setting: what is taken, what is refused.
RANGES: dict[str, tuple[list[Any], list[Any]]] = {
    "server.environment": (["development", "testing"], ["staging", "", None, 1]),
    "server.host": (["127.0.0.1", "::1", "0.0.0.0", "site.example"], ["http://x", "a b", None, "x" * 254]),
    "server.port": whole(1, 65_535),
    "server.workers": whole(1, 256),
    "server.threads": whole(2, 1024),
    "server.public_url": (
        ["", "https://grid.example.org", "http://10.0.0.8:8000", "https://h/some"],
        ["grid.example.org", "ftp://h", "https://", "https://u:p@h", "https://h/?a", "https://[x", None],
    ),
    "server.trusted_proxies": whole(0, 10),
    "server.clock_ahead_s": ([0, 0.0, "0"], ["nan", "inf", "soon", None]),
    "storage.data": (["", "/var/lib/grid-report"], ["file:///var/lib", "/a\0b", None, 7]),
    "storage.database_url": (
        ["", "sqlite:////d/x.sqlite", "postgresql://u@h/d", "postgresql+psycopg://u@h:1/d"],
        ["mysql://u@h/d", "postgres://u@h/d", "sqlite://", "postgresql+psycopg://u@h", "/d/x.sqlite",
         "sqlite://d/x.sqlite", "postgresql://[x/d", None],
    ),
    "storage.photo_store": (
        ["", "file:///d/photos", "s3://bucket/some?endpoint=http://h:1&region=r"],
        ["/d/photos", "ftp://h/d", "s3:///some", "file://h/d", "file:///", "http://bucket",
         "s3://bucket?secret=x", None],
    ),
    "security.secret_key": (["k" * 32], []),  # see the tests of production
    "security.secure_cookies": FLAG,
    "security.session_days": DAYS,
    "security.number_sleep_days": whole(30, 3650),
    "security.token_days": DAYS,
    "security.staff_hours": HOURS,
    "security.staff_idle_minutes": whole(5, 10_080),
    "security.second_step": FLAG,
    "security.metrics_token": (["", "t" * 16], ["t" * 15, None]),
    "sms.endpoint": (["", ], ["http://gateway.example", "ftp://x", None, 7]),
    "sms.key_id": ([""], [None, 7]),
    "sms.key_secret": ([""], [None]),
    "sms.sign_name": ([""], [None, 7]),
    "sms.template_code": ([""], [None, 7]),
    "sms.notice_template_code": ([""], [None, 7]),
    "sms.timeout_seconds": ([0.5, 60, "5"], [0, -1, 61, "nan", "inf", None]),
    "sms.tries": whole(1, 5),
    "sms.most_per_day": COUNT,
    "sms.notices_per_day": COUNT,
    "wechat.endpoint": (["https://api.weixin.qq.com", "http://127.0.0.1:8"], ["", "http://x.example", "ftp://x", None, 7]),
    "wechat.authorize_url": (["https://open.weixin.qq.com/x"], ["", "http://x.example", "javascript:x", None]),
    "wechat.app_id": (["", "wx0123456789abcdef"], ["w x", "x" * 65, "微信", None, 7]),
    "wechat.app_secret": (["", "s"], [None]),
    "wechat.timeout_seconds": ([0.5, 20, "5"], [0, -1, 21, "nan", "inf", None]),
    "notify.templates": (["", "/etc/grid-report/templates.csv"], [None, 7]),
    "notify.channels": ([[], "", ["sms"], "sms, mail"], [["S M S"], "SMS", [7], None, 7]),
    "county.code": (["211282"], ["21128", "2112820", "21128x", "２１１２８２", None]),
    "county.name_zh": NAME,
    "county.name_en": NAME,
    "county.number_prefix": (["KY", "KAIY"], ["K", "KAIYU", "ky", "K1", "", None]),
    "county.zone": (["Asia/Shanghai", "UTC"], ["Asia/Nowhere", "Asia", "../etc/passwd", "/etc", "", None]),
    "county.west": degrees(-180, 180, [-180, "120.5", 124.8]),
    "county.east": degrees(-180, 180, [180, "125.5", 123.8]),
    "county.south": degrees(-90, 90, [-90, "40", 42.8]),
    "county.north": degrees(-90, 90, [90, "43", 42.2]),
    "county.nearest_reference_m": whole(0, 100_000),
    "county.call_numbers": (
        [{}, {"gas": "0410-7112345"}, {"water": ""}],
        [{"fire": "119"}, {"gas": "call me"}, {"gas": 119}, "119", None],
    ),
    # With tiles: tests/places/basemap/test_ground.py.
    "map.tiles": ([[], "", " "], ["/tiles/{z}/{x}/{y}", ["x"], [7], None, 7]),
    "map.subdomains": (["", "01234567", "abc"], ["A", "a b", "a;b", "x" * 17, None, 7]),
    "map.datum": (["wgs84", "gcj02"], ["bd09", "", None]),
    "map.attribution": (["", "天地图"], ["x" * 201, None, 7]),
    "map.approval": (["", "GS(2025)1508号"], ["x" * 61, None, 7]),
    "map.min_zoom": ([0, "3", 18], [-1, 23, *NO_NUMBERS[1:]]),
    "map.max_zoom": ([3, "18", 22], [-1, 23, *NO_NUMBERS[1:]]),
    "photos.max_files": whole(1, 20),
    "photos.max_file_mb": whole(1, 200),
    "photos.max_pixels": whole(1, 1_000_000_000),
    "photos.phone_side": whole(640, 8192),
    "photos.side": whole(640, 8192),
    "photos.cpu_seconds": SECONDS,
    "photos.wall_seconds": SECONDS,
    "photos.memory_mb": whole(64, 65_536),
    "photos.processes": whole(0, 256),
    "photos.verify_share": ([0, 1, 0.2, "0.5"], [-0.1, 1.1, "nan", "inf", None]),
    "photos.unknown_days": DAYS,
    "photos.brake_share": ([0.01, 0.99], [0, 1, -0.1, "nan", "inf", None]),
    "photos.brake_floor": COUNT,
    "limits.reports_per_hour": COUNT,
    "limits.reports_per_day": COUNT,
    "limits.sign_ins_per_15_min": COUNT,
    "limits.sign_ins_per_address_15_min": COUNT,
    "limits.sms_codes_per_hour": COUNT,
    "limits.sms_codes_per_day": whole(2, 1_000_000),
    "limits.sign_ups_per_address_hour": COUNT,
    "limits.quiz_tries_per_day": COUNT,
    "limits.looks_per_hour": COUNT,
    "limits.uploads_waiting": COUNT,
    "limits.uploads_waiting_mb": COUNT,
    "cases.check_hours": HOURS,
    "cases.close_hours": HOURS,
    "cases.reopen_days": DAYS,
    "cases.yellow_share": ([0, 0.25, 1, "0.5"], [-0.01, 1.01, 25, "nan", "inf", "x", None]),
    "cases.yellow_min_minutes": whole(0, 10_080),
    "points.budget_per_month": whole(0, 100_000_000),
    "points.reserve_percent": whole(0, 100),
    "points.objection_days": DAYS,
    "points.close_days": DAYS,
    "points.fen_per_point": whole(1, 100_000),
    "cards.approve_hours": HOURS,
    "cards.lapse_days": DAYS,
    "cards.renew_days": DAYS,
    "cards.remind_days": DAYS,
    "cards.verify_per_minute": COUNT,
    "leaving.erase_days": whole(0, 30),
    "leaving.export_days": whole(1, 30),
    "leaving.exports_per_hour": COUNT,
    "statistics.freeze_day": whole(0, 28),
    "statistics.recount_hours": HOURS,
    "jobs.lease_seconds": whole(2, 3600),
    "jobs.deliver_seconds": SECONDS,
    "jobs.lights_seconds": SECONDS,
    "jobs.sweep_minutes": MINUTES,
    "jobs.minutes": (
        [{}, {"sweep-photos": 360}, {"audit-points": 1, "mark-lights": 10_080}],
        [{"make-coffee": 5}, {"sweep-photos": 0}, {"sweep-photos": "often"}, "60", None],
    ),
    "jobs.orphan_minutes": MINUTES,
    "demo.enabled": FLAG,
    "demo.reports": whole(0, 1_000_000),
    "demo.seed": whole(0, 2**63 - 1),
}  # fmt: skip


def load_with(setting: str, value: Any) -> Any:
    """Load the settings with one changed; return what it became."""
    section, _, key = setting.partition(".")
    made = load({}, {section: {key: value}})
    return getattr(getattr(made, section), key)


def test_every_setting_is_in_the_table() -> None:
    default = tomllib.loads((CONFIG / "default.toml").read_text())
    assert {f"{section}.{key}" for section in default for key in default[section]} == set(RANGES)


@pytest.mark.parametrize("setting", RANGES)
def test_what_is_in_the_range_is_taken_and_what_is_not_is_refused_by_name(setting: str) -> None:
    taken, refused = RANGES[setting]
    for value in taken:
        load_with(setting, value)
    for value in refused:
        with pytest.raises(SettingsError, match=rf"(^|; ){re.escape(setting)}\b.*: \S") as said:
            load_with(setting, value)
        assert "\n" not in str(said.value)
        assert "pydantic" not in str(said.value)


@pytest.mark.parametrize(
    ("county", "said"),
    [
        ({"west": 125.0}, "county.west has to be less than county.east"),
        ({"west": 124.0, "east": 124.0}, "county.west has to be less than county.east"),
        ({"south": 43.0}, "county.south has to be less than county.north"),
        ({"south": 42.5, "north": 42.5}, "county.south has to be less than county.north"),
    ],
)
def test_a_county_has_an_inside(county: dict[str, float], said: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(said)):
        load({}, {"county": county})


@pytest.mark.parametrize("secret", ["", "k", "k" * 31, "钥" * 10])
def test_production_refuses_a_secret_under_32_bytes_and_does_not_print_it(secret: str) -> None:
    with pytest.raises(SettingsError, match=r"security\.secret_key.*32") as said:
        load({**PRODUCTION, "GRID_REPORT_SECRET_KEY": secret})
    assert "GRID_REPORT_SECRET_KEY" in str(said.value)
    assert len(secret) < 10 or secret not in str(said.value)
    assert load({**PRODUCTION, "GRID_REPORT_SECRET_KEY": "钥" * 11}).server.environment


def test_production_refuses_the_demo_by_name() -> None:
    with pytest.raises(SettingsError, match=r"demo\.enabled.*GRID_REPORT_DEMO=0"):
        load({**PRODUCTION, "GRID_REPORT_DEMO": "1"})


def test_an_unknown_section_is_named_wherever_it_came_from(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"limts.*GRID_REPORT_LIMTS__REPORTS_PER_HOUR"):
        load({"GRID_REPORT_LIMTS__REPORTS_PER_HOUR": "7"})
    own = tmp_path / "own.toml"
    for text in ("[limts]\nreports_per_hour = 7\n", "port = 8000\n"):
        own.write_text(text)
        with pytest.raises(SettingsError, match=r"(limts|port): there is no such section.*limits"):
            load({"GRID_REPORT_CONFIG": str(own)})
    own.write_text("server = 8000\n")
    with pytest.raises(SettingsError, match=r"server: .*\[server\]"):
        load({"GRID_REPORT_CONFIG": str(own)})


def test_everything_at_fault_is_named_at_once_in_one_line() -> None:
    with pytest.raises(SettingsError) as said:
        load({"PORT": "0", "GRID_REPORT_LIMITS__REPORTS_PER_DAY": "-1"})
    assert "server.port: " in str(said.value)
    assert "limits.reports_per_day: " in str(said.value)
    assert "greater than or equal to 1" in str(said.value)
    assert "\n" not in str(said.value)
