"""Settings: read once from `config/*.toml` and the environment, then frozen.

`config/default.toml` explains each one. The environment wins: `GRID_REPORT_SECTION__NAME`, and the
short names of the HTTP contract (`PORT`, `HOST`, `GRID_REPORT_DATA`, …).
"""

from __future__ import annotations

import os
import secrets
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import SplitResult, parse_qs, urlsplit
from zoneinfo import ZoneInfo

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)

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


# Bytes of a key nobody may guess, and characters of a token.
SHORTEST_SECRET: Final = 32
SHORTEST_TOKEN: Final = 16


class SettingsError(ValueError):
    """The configuration cannot be used; the message says which setting and why."""


class Section(BaseModel):
    # A secret under a misspelt name must not be printed by the complaint about the name.
    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, allow_inf_nan=False
    )


# A day's length of time and such have no right value; these are what nobody means in earnest.
Count = Annotated[int, Field(ge=1, le=1_000_000)]
Hours = Annotated[int, Field(ge=1, le=8760)]
Days = Annotated[int, Field(ge=1, le=3650)]
Seconds = Annotated[int, Field(ge=1, le=3600)]
Minutes = Annotated[int, Field(ge=1, le=10_080)]
Share = Annotated[float, Field(ge=0, le=1)]
Name = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^\S(.*\S)?$")]
Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-180, le=180)]
Called = Annotated[str, Field(pattern=r"^(gas|water|heating|lift_rescue)$")]
TelephoneNumber = Annotated[str, Field(pattern=r"^[0-9+ -]{0,20}$")]


class Server(Section):
    environment: Literal["development", "testing", "production"]
    host: str = Field(pattern=r"^[^\s/]*$", max_length=253)
    port: int = Field(ge=1, le=65535)
    workers: int = Field(ge=1, le=256)
    threads: int = Field(ge=2, le=1024)
    trusted_proxies: int = Field(ge=0, le=10)
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

    @field_validator("data")
    @classmethod
    def _is_a_folder(cls, text: str) -> str:
        if "://" in text or "\0" in text:
            raise ValueError("a folder is wanted, such as /var/lib/grid-report")
        return text

    @field_validator("database_url")
    @classmethod
    def _is_a_database(cls, text: str) -> str:
        parts = _parts(text)
        is_file = parts.scheme == "sqlite" and not parts.netloc and len(parts.path) > 1
        is_server = parts.scheme in ("postgresql", "postgresql+psycopg") and len(parts.path) > 1
        if text and not is_file and not is_server:
            raise ValueError(
                "sqlite:////folder/file.sqlite or postgresql+psycopg://user@host/name is allowed"
            )
        return text

    @field_validator("photo_store")
    @classmethod
    def _is_a_store(cls, text: str) -> str:
        parts = _parts(text)
        is_folder = parts.scheme == "file" and parts.netloc in ("", "localhost")
        is_folder = is_folder and len(parts.path) > 1 and not parts.query
        is_bucket = parts.scheme == "s3" and bool(parts.netloc)
        if text and not is_folder and not is_bucket:
            raise ValueError("file:///folder or s3://bucket/prefix?endpoint=…&region=… is allowed")
        unknown = parse_qs(parts.query, keep_blank_values=True).keys() - {"endpoint", "region"}
        if is_bucket and unknown:
            raise ValueError(f"endpoint and region are allowed, not {', '.join(sorted(unknown))}")
        return text


def _parts(address: str) -> SplitResult:
    try:
        return urlsplit(address)
    except ValueError:  # brackets that do not match
        return urlsplit("")


class Security(Section):
    secret_key: SecretStr
    secure_cookies: bool
    session_days: Days
    token_days: Days
    number_sleep_days: int = Field(ge=30, le=3650)
    metrics_token: SecretStr

    @field_validator("metrics_token")
    @classmethod
    def _cannot_be_guessed(cls, token: SecretStr) -> SecretStr:
        if 0 < len(token.get_secret_value()) < SHORTEST_TOKEN:
            raise ValueError(f"at least {SHORTEST_TOKEN} characters, or none at all")
        return token


class Sms(Section):
    endpoint: str
    key_id: str
    key_secret: SecretStr
    sign_name: str
    template_code: str
    timeout_seconds: float = Field(gt=0, le=60, allow_inf_nan=False)
    tries: int = Field(ge=1, le=5)
    most_per_day: int = Field(ge=1, le=1_000_000)

    @model_validator(mode="after")
    def _whole_or_none(self) -> Self:
        if not self.endpoint:
            return self
        parts = urlsplit(self.endpoint)
        loopback = parts.hostname in ("127.0.0.1", "::1", "localhost")
        if parts.scheme != "https" and not (parts.scheme == "http" and loopback):
            raise ValueError("sms.endpoint must begin with https://")
        for name in ("key_id", "sign_name", "template_code"):
            if not getattr(self, name):
                raise ValueError(f"sms.endpoint needs sms.{name} as well")
        if not self.key_secret.get_secret_value():
            raise ValueError("sms.endpoint needs GRID_REPORT_SMS__KEY_SECRET as well")
        return self


class County(Section):
    code: str = Field(pattern=r"^[0-9]{6}$")
    name_zh: Name
    name_en: Name
    number_prefix: str = Field(pattern=r"^[A-Z]{2,4}$")
    zone: str
    west: Longitude
    south: Latitude
    east: Longitude
    north: Latitude
    nearest_reference_m: int = Field(ge=0, le=100_000)
    call_numbers: dict[Called, TelephoneNumber]

    @field_validator("zone")
    @classmethod
    def _zone_exists(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (
            KeyError,
            OSError,
            ValueError,
        ) as error:  # unknown; a folder's name; a way out of it
            raise ValueError(
                "a zone such as Asia/Shanghai is allowed; there is none of that name"
            ) from error
        return zone

    @model_validator(mode="after")
    def _has_an_inside(self) -> Self:
        if self.west >= self.east:
            raise ValueError("county.west has to be less than county.east")
        if self.south >= self.north:
            raise ValueError("county.south has to be less than county.north")
        return self

    @property
    def tz(self) -> ZoneInfo:
        """The zone whose days and months the county counts in."""
        return ZoneInfo(self.zone)


class Photos(Section):
    max_files: int = Field(ge=1, le=20)
    max_file_mb: int = Field(ge=1, le=200)
    max_pixels: int = Field(ge=1, le=1_000_000_000)
    cpu_seconds: Seconds
    wall_seconds: Seconds
    memory_mb: int = Field(ge=64, le=65_536)
    processes: int = Field(ge=0, le=256)


class Limits(Section):
    reports_per_hour: Count
    reports_per_day: Count
    sign_ins_per_15_min: Count
    sign_ins_per_address_15_min: Count
    sms_codes_per_hour: Count
    sign_ups_per_address_hour: Count


class Cases(Section):
    check_hours: Hours
    close_hours: Hours
    reopen_days: Days
    yellow_share: Share
    yellow_min_minutes: int = Field(ge=0, le=10_080)


class Points(Section):
    budget_per_month: int = Field(ge=0, le=100_000_000)
    reserve_percent: int = Field(ge=0, le=100)
    objection_days: Days
    close_days: Days
    fen_per_point: int = Field(ge=1, le=100_000)


class Cards(Section):
    approve_hours: Hours
    lapse_days: Days
    renew_days: Days
    remind_days: Days
    verify_per_minute: Count


class Statistics(Section):
    freeze_day: int = Field(ge=0, le=28)
    recount_hours: Hours


class Jobs(Section):
    lease_seconds: int = Field(ge=2, le=3600)
    deliver_seconds: Seconds
    lights_seconds: Seconds
    sweep_minutes: Minutes
    orphan_minutes: Minutes


class Demo(Section):
    enabled: bool
    reports: int = Field(ge=0, le=1_000_000)
    seed: int = Field(ge=0, le=2**63 - 1)


class Settings(Section):
    """All settings, typed and frozen."""

    server: Server
    storage: Storage
    security: Security
    sms: Sms
    county: County
    photos: Photos
    limits: Limits
    cases: Cases
    points: Points
    cards: Cards
    statistics: Statistics
    jobs: Jobs
    demo: Demo

    @model_validator(mode="after")
    def _production_is_strict(self) -> Self:
        if self.server.environment == "production":
            secret = self.security.secret_key.get_secret_value()
            if len(secret.encode()) < SHORTEST_SECRET:
                said = f"has {len(secret.encode())} bytes and needs {SHORTEST_SECRET}"
                raise ValueError(
                    f"security.secret_key {said}: "
                    "production needs a GRID_REPORT_SECRET_KEY (python -c "
                    "'import secrets; print(secrets.token_urlsafe(48))' makes one)"
                )
            if self.demo.enabled:
                raise ValueError(
                    "demo.enabled: production refuses demo members: set GRID_REPORT_DEMO=0"
                )
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
        _check_sections(more, str(extra))
    environment = environ.get("GRID_REPORT_ENV") or more.get("server", {}).get(
        "environment", environment
    )
    if environment == "production":
        # Whoever forgets the line must not send sign-ins in the clear; who means it writes false.
        values["security"]["secure_cookies"] = True
    _merge(values, more)
    for name, text in environ.items():
        place = SHORT_NAMES.get(name) or _long_name(name)
        if place and text != "":
            _check_sections({place[0]: {}}, name)
            values[place[0]][place[1]] = text
    _check_sections(overrides or {}, "overrides")
    _merge(values, overrides or {})
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise SettingsError("; ".join(_sentences(error))) from error


def _long_name(name: str) -> tuple[str, str] | None:
    if not name.startswith("GRID_REPORT_") or "__" not in name:
        return None
    section, _, key = name.removeprefix("GRID_REPORT_").lower().partition("__")
    return section, key


def _check_sections(given: Mapping[str, Any], source: str) -> None:
    for section, values in given.items():
        if section not in Settings.model_fields:
            known = ", ".join(Settings.model_fields)
            raise SettingsError(
                f"{section}: there is no such section ({source}); there are {known}"
            )
        if not isinstance(values, Mapping):
            raise SettingsError(f"{section}: is a section ({source}): write [{section}] above it")


def _merge(into: dict[str, dict[str, Any]], more: Mapping[str, Mapping[str, Any]]) -> None:
    for section, values in more.items():
        into.setdefault(section, {}).update(values)


def _sentences(error: ValidationError) -> Iterator[str]:
    """Say of each setting at fault what is allowed; never what was given, it may be a secret."""
    for fault in error.errors(include_url=False, include_input=False, include_context=False):
        name = ".".join(str(part) for part in fault["loc"] if part != "[key]")
        reason = fault["msg"].removeprefix("Value error, ")
        if fault["type"] == "extra_forbidden":
            reason = "there is no such setting"
        yield f"{name}: {reason}" if name else reason
