"""Settings: what wins over what, what production refuses, and that nothing changes later."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from grid_report.settings import SettingsError, load

PRODUCTION = {
    "GRID_REPORT_ENV": "production",
    "GRID_REPORT_SECRET_KEY": "k" * 40,
    "GRID_REPORT_DEMO": "0",
    "GRID_REPORT_SERVER__PUBLIC_URL": "https://grid.example.org",
}


def test_the_environment_wins_over_the_file_of_the_operator_and_that_over_the_default(
    tmp_path: Path,
) -> None:
    own = tmp_path / "own.toml"
    own.write_text('[server]\nport = 8001\nhost = "0.0.0.0"\n')
    environ = {"GRID_REPORT_CONFIG": str(own), "PORT": "8002"}
    server = load(environ).server
    assert (server.port, server.host, server.workers) == (8002, "0.0.0.0", 2)
    assert load({"GRID_REPORT_SERVER__PORT": "8003"}).server.port == 8003
    # Said with nothing is not said.
    assert load({"PORT": ""}).server.port == 8000


def test_settings_are_frozen() -> None:
    settings = load({})
    with pytest.raises(ValidationError):
        settings.server.port = 1
    with pytest.raises(ValidationError):
        settings.server = settings.server


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"PORT": "eighty"}, "server.port"),
        ({"PORT": "70000"}, "server.port"),
        ({"GRID_REPORT_ENV": "staging"}, "server.environment"),
        ({"GRID_REPORT_COUNTY__ZONE": "Asia/Nowhere"}, "county"),
        ({"GRID_REPORT_SERVER__PROT": "8000"}, "server.prot"),
        ({"GRID_REPORT_CONFIG": "/nowhere/own.toml"}, "/nowhere/own.toml"),
        ({"GRID_REPORT_SERVER__CLOCK_AHEAD_S": "60"}, "clock_ahead_s"),
        (PRODUCTION | {"GRID_REPORT_SERVER__CLOCK_AHEAD_S": "-1"}, "clock_ahead_s"),
        (
            {"GRID_REPORT_ENV": "testing", "GRID_REPORT_SERVER__CLOCK_AHEAD_S": "nan"},
            "server.clock_ahead_s",
        ),
    ],
)
def test_what_is_wrong_names_the_setting(environ: dict[str, str], named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        load(environ)


@pytest.mark.parametrize(
    ("without", "named"), [("GRID_REPORT_SECRET_KEY", "SECRET_KEY"), ("GRID_REPORT_DEMO", "DEMO")]
)
def test_production_refuses_to_start_without_a_secret_or_with_the_demo(
    without: str, named: str
) -> None:
    assert load(PRODUCTION).server.environment == "production"
    with pytest.raises(SettingsError, match=named):
        load({name: value for name, value in PRODUCTION.items() if name != without})


def test_production_sends_its_cookies_over_https_only_unless_told_otherwise(
    tmp_path: Path,
) -> None:
    assert load(PRODUCTION).security.secure_cookies
    assert not load({}).security.secure_cookies
    own = tmp_path / "own.toml"
    own.write_text(
        '[server]\nenvironment = "production"\npublic_url = "https://grid.example.org"\n'
        "[demo]\nenabled = false\n"
    )
    by_file = {"GRID_REPORT_CONFIG": str(own), "GRID_REPORT_SECRET_KEY": "k" * 40}
    assert load(by_file).security.secure_cookies
    plain = {**PRODUCTION, "GRID_REPORT_SECURITY__SECURE_COOKIES": "0"}
    assert not load(plain).security.secure_cookies


def test_a_secret_is_made_once_kept_for_its_owner_and_never_printed(tmp_path: Path) -> None:
    settings = load({"GRID_REPORT_DATA": str(tmp_path / "data")})
    secret = settings.secret()
    assert len(secret) >= 32
    assert load({"GRID_REPORT_DATA": str(tmp_path / "data")}).secret() == secret
    kept = tmp_path / "data" / "secret_key"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert "k" * 40 not in repr(load(PRODUCTION))
    kept.write_text("short")
    with pytest.raises(SettingsError, match="damaged"):
        settings.secret()


def test_a_secret_under_a_misspelt_name_is_not_printed() -> None:
    with pytest.raises(SettingsError) as refused:
        load({"GRID_REPORT_SECURITY__SECRET_KY": "dont-print-me"})
    assert "security.secret_ky" in str(refused.value)
    assert "dont-print" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("", "sqlite:////data/grid_report.sqlite"),
        ("postgresql://u@h/d", "postgresql+psycopg://u@h/d"),
        ("postgresql+psycopg://u@h/d", "postgresql+psycopg://u@h/d"),
        ("sqlite:////else/where.sqlite", "sqlite:////else/where.sqlite"),
    ],
)
def test_the_database_is_a_file_in_the_data_folder_unless_named(url: str, expected: str) -> None:
    values: dict[str, Any] = {"GRID_REPORT_DATA": "/data", "GRID_REPORT_DATABASE_URL": url}
    settings = load(values)
    assert settings.sqlalchemy_url == expected
    assert settings.photo_store_url == "file:///data/photos"


def test_production_refuses_to_start_without_the_address_people_reach_it_at() -> None:
    without = {key: value for key, value in PRODUCTION.items() if "PUBLIC_URL" not in key}
    with pytest.raises(SettingsError, match=r"server\.public_url: production needs"):
        load(without)
    assert load(PRODUCTION).server.public_url == "https://grid.example.org"
