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
from typing import Any, Self

from pydantic import (
    ValidationError,
    model_validator,
)

from grid_report.settings_sections import (
    SHORTEST_SECRET,
    Cards,
    Cases,
    County,
    Demo,
    Jobs,
    Leaving,
    Limits,
    Map,
    Notify,
    Photos,
    Points,
    Section,
    Security,
    Server,
    Sms,
    Statistics,
    Storage,
    Wechat,
)

__all__ = [
    "CONFIG",
    "ROOT",
    "Cards",
    "Cases",
    "County",
    "Demo",
    "Jobs",
    "Leaving",
    "Limits",
    "Map",
    "Notify",
    "Photos",
    "Points",
    "Security",
    "Server",
    "Settings",
    "SettingsError",
    "Sms",
    "Statistics",
    "Storage",
    "Wechat",
    "load",
]

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


class Settings(Section):
    """All settings, typed and frozen."""

    server: Server
    storage: Storage
    security: Security
    sms: Sms
    wechat: Wechat
    notify: Notify
    county: County
    map: Map
    photos: Photos
    limits: Limits
    cases: Cases
    points: Points
    cards: Cards
    leaving: Leaving
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
            if not self.server.public_url:
                raise ValueError(
                    "server.public_url: production needs the address people reach the site at,"
                    " such as https://grid.example.org: the QR codes of cards carry it"
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
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
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
