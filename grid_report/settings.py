"""Settings: read once from `config/*.toml` and the environment, then frozen.

`config/default.toml` explains each one. The environment wins: `GRID_REPORT_SECTION__NAME`, and the
short names of the HTTP contract (`PORT`, `HOST`, `GRID_REPORT_DATA`, …).
"""

from __future__ import annotations

import os
import secrets
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

ROOT = Path(__file__).resolve().parent.parent
CONFIG = ROOT / "config"

SHORT_NAMES: Mapping[str, tuple[str, str]] = {
    "PORT": ("server", "port"),
    "HOST": ("server", "host"),
    "GRID_REPORT_DATA": ("storage", "data"),
    "GRID_REPORT_DATABASE_URL": ("storage", "database_url"),
    "GRID_REPORT_PHOTO_STORE": ("storage", "photo_store"),
    "GRID_REPORT_SECRET_KEY": ("security", "secret_key"),
    "GRID_REPORT_DEMO": ("demo", "enabled"),
    "GRID_REPORT_ENV": ("server", "environment"),
}


class SettingsError(ValueError):
    """The configuration cannot be used; the message says which setting and why."""


class Section(BaseModel):
    # A secret under a misspelt name must not be printed by the complaint about the name.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Server(Section):
    environment: Literal["development", "testing", "production"]
    host: str
    port: int = Field(ge=1, le=65535)
    workers: int = Field(ge=1)
    threads: int = Field(ge=2)
    trusted_proxies: int = Field(ge=0)
    clock_ahead_s: float = Field(allow_inf_nan=False)

    @model_validator(mode="after")
    def _time_is_real_outside_tests(self) -> Self:
        if self.clock_ahead_s and self.environment != "testing":
            raise ValueError(
                "clock_ahead_s is for tests: only the environment testing may have another time"
            )
        return self


class Storage(Section):
    data: str
    database_url: str
    photo_store: str


class Security(Section):
    secret_key: SecretStr
    secure_cookies: bool
    session_days: int = Field(ge=1)
    token_days: int = Field(ge=1)
    metrics_token: SecretStr


class County(Section):
    code: str = Field(pattern=r"^\d{6}$")
    name_zh: str
    name_en: str
    number_prefix: str = Field(pattern=r"^[A-Z]{2,4}$")
    zone: str
    west: float
    south: float
    east: float
    north: float
    nearest_reference_m: int = Field(ge=0)
    call_numbers: dict[str, str]

    @property
    def tz(self) -> ZoneInfo:
        """The zone whose days and months the county counts in."""
        return ZoneInfo(self.zone)


class Photos(Section):
    max_files: int = Field(ge=1)
    max_file_mb: int = Field(ge=1)
    max_pixels: int = Field(ge=1)
    cpu_seconds: int = Field(ge=1)
    wall_seconds: int = Field(ge=1)
    memory_mb: int = Field(ge=64)
    processes: int = Field(ge=0)


class Limits(Section):
    reports_per_hour: int
    reports_per_day: int
    sign_ins_per_15_min: int
    sign_ins_per_address_15_min: int
    sms_codes_per_hour: int
    sign_ups_per_address_hour: int


class Cases(Section):
    check_hours: int
    close_hours: int
    reopen_days: int
    yellow_share: float
    yellow_min_minutes: int


class Points(Section):
    budget_per_month: int
    reserve_percent: int
    objection_days: int = Field(ge=1)
    close_days: int = Field(ge=1)
    fen_per_point: int = Field(ge=1)


class Cards(Section):
    approve_hours: int = Field(ge=1)
    lapse_days: int = Field(ge=1)
    renew_days: int = Field(ge=1)
    remind_days: int = Field(ge=1)
    verify_per_minute: int = Field(ge=1)


class Statistics(Section):
    freeze_day: int = Field(ge=0, le=28)
    recount_hours: int = Field(ge=1)


class Jobs(Section):
    lease_seconds: int = Field(ge=2)
    deliver_seconds: int = Field(ge=1)
    lights_seconds: int = Field(ge=1)
    sweep_minutes: int = Field(ge=1)
    orphan_minutes: int = Field(ge=1)


class Demo(Section):
    enabled: bool
    reports: int = Field(ge=0)
    seed: int


class Settings(Section):
    """All settings, typed and frozen."""

    server: Server
    storage: Storage
    security: Security
    county: County
    photos: Photos
    limits: Limits
    cases: Cases
    points: Points
    cards: Cards
    statistics: Statistics
    jobs: Jobs
    demo: Demo

    @field_validator("county")
    @classmethod
    def _zone_exists(cls, county: County) -> County:
        try:
            ZoneInfo(county.zone)
        except (KeyError, OSError) as error:  # unknown; a folder's name
            raise ValueError(f"there is no zone {county.zone}") from error
        return county

    @model_validator(mode="after")
    def _production_is_strict(self) -> Self:
        if self.server.environment == "production":
            if not self.security.secret_key.get_secret_value():
                raise ValueError(
                    "production needs GRID_REPORT_SECRET_KEY (python -c "
                    "'import secrets; print(secrets.token_urlsafe(48))' makes one)"
                )
            if self.demo.enabled:
                raise ValueError("production refuses demo members: set GRID_REPORT_DEMO=0")
        return self

    @property
    def data_dir(self) -> Path:
        """Folder of the SQLite file and the secret key file."""
        return Path(self.storage.data) if self.storage.data else ROOT / "var"

    @property
    def photo_store_url(self) -> str:
        """Where photos live: `file:///…` or `s3://bucket/prefix?endpoint=…`."""
        if self.storage.photo_store:
            return self.storage.photo_store
        folder = self.data_dir / "photos" if self.storage.data else ROOT / "uploads"
        return folder.resolve().as_uri()

    @property
    def sqlalchemy_url(self) -> str:
        """The database, by default one SQLite file in the data folder."""
        url = self.storage.database_url or f"sqlite:///{self.data_dir.resolve()}/grid_report.sqlite"
        return url.replace("postgresql://", "postgresql+psycopg://", 1)

    def secret(self) -> str:
        """Return the secret key; outside production make one once and keep it in the data folder."""
        given = self.security.secret_key.get_secret_value()
        return given or _kept_secret(self.data_dir / "secret_key")


def _kept_secret(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        kept = path.read_text().strip()
        if len(kept) < 32:
            raise SettingsError(f"{path} is damaged: remove it and start again") from None
        return kept
    made = secrets.token_urlsafe(48)
    with os.fdopen(handle, "w") as file:
        file.write(made)
        file.flush()
        os.fsync(file.fileno())
    return made


def load(
    environ: Mapping[str, str] | None = None, overrides: Mapping[str, Any] | None = None
) -> Settings:
    """Read the settings: default.toml, then the environment's file, then the environment itself.

    Raises SettingsError naming the setting and where it came from.
    """
    environ = os.environ if environ is None else environ
    values: dict[str, dict[str, Any]] = tomllib.loads((CONFIG / "default.toml").read_text())
    environment = environ.get("GRID_REPORT_ENV") or values["server"]["environment"]
    extra = environ.get("GRID_REPORT_CONFIG") or (
        CONFIG / "testing.toml" if environment == "testing" else None
    )
    more: dict[str, dict[str, Any]] = {}
    if extra:
        try:
            more = tomllib.loads(Path(extra).read_text())
        except (OSError, tomllib.TOMLDecodeError) as error:
            raise SettingsError(f"{extra}: {error}") from error
    environment = environ.get("GRID_REPORT_ENV") or more.get("server", {}).get(
        "environment", environment
    )
    if environment == "production":
        # Whoever forgets the line must not send sign-ins in the clear; who means it writes false.
        values["security"]["secure_cookies"] = True
    _merge(values, more)
    for name, text in environ.items():
        place = SHORT_NAMES.get(name) or _long_name(name, values)
        if place and text != "":
            values.setdefault(place[0], {})[place[1]] = text
    _merge(values, overrides or {})
    try:
        return Settings.model_validate(values)
    except ValueError as error:
        raise SettingsError(str(error)) from error


def _long_name(name: str, values: Mapping[str, Any]) -> tuple[str, str] | None:
    if not name.startswith("GRID_REPORT_") or "__" not in name:
        return None
    section, _, key = name.removeprefix("GRID_REPORT_").lower().partition("__")
    return (section, key) if section in values else None


def _merge(into: dict[str, dict[str, Any]], more: Mapping[str, Mapping[str, Any]]) -> None:
    for section, values in more.items():
        into.setdefault(section, {}).update(values)
