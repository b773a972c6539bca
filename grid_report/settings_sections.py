"""The sections of the settings: what each may hold, refused by its name where it holds anything else.

`config/default.toml` says what each is for.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import SplitResult, parse_qs, urlsplit
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

# Bytes of a key nobody may guess, and characters of a token.
SHORTEST_SECRET: Final = 32
SHORTEST_TOKEN: Final = 16


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
# The names of `jobs/registry.py`, which knows the settings and not the other way round.
JobName = Literal[
    "deliver-messages",
    "send-messages",
    "mark-lights",
    "tell-of-reviews",
    "learn-kinds",
    "open-budgets",
    "release-points",
    "expire-points",
    "tell-of-expiry",
    "close-budgets",
    "audit-points",
    "settle-services",
    "end-vouchers",
    "pass-on-places",
    "draw-statements",
    "watch-cards",
    "find-signals",
    "tell-of-signals",
    "draw-sample",
    "recount-statistics",
    "freeze-months",
    "deliver-statistics",
    "sweep-photos",
    "sweep-uploads",
    "sweep-accounts",
    "make-exports",
    "erase-members",
]
Called = Annotated[str, Field(pattern=r"^(gas|water|heating|lift_rescue)$")]
TelephoneNumber = Annotated[str, Field(pattern=r"^[0-9+ -]{0,20}$")]


class Server(Section):
    environment: Literal["development", "testing", "production"]
    host: str = Field(pattern=r"^[^\s/]*$", max_length=253)
    port: int = Field(ge=1, le=65535)
    workers: int = Field(ge=1, le=256)
    threads: int = Field(ge=2, le=1024)
    public_url: str
    trusted_proxies: int = Field(ge=0, le=10)
    clock_ahead_s: float = Field(allow_inf_nan=False)

    @field_validator("public_url")
    @classmethod
    def _is_an_address(cls, text: str) -> str:
        parts = _parts(text)
        whole = parts.scheme in ("http", "https") and bool(parts.hostname)
        if text and (not whole or parts.username or parts.query or parts.fragment):
            raise ValueError("an address such as https://grid.example.org is allowed")
        return text.rstrip("/")

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


def _sealed_on_the_way(address: str) -> str:
    parts = _parts(address)
    loopback = parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1", "localhost")
    if address and parts.scheme != "https" and not loopback:
        raise ValueError("an address that begins with https:// is allowed")
    return address


class Security(Section):
    secret_key: SecretStr
    secure_cookies: bool
    session_days: Days
    staff_hours: Hours
    staff_idle_minutes: int = Field(ge=5, le=10_080)
    token_days: Days
    number_sleep_days: int = Field(ge=30, le=3650)
    second_step: bool
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
    notice_template_code: str
    timeout_seconds: float = Field(gt=0, le=60, allow_inf_nan=False)
    tries: int = Field(ge=1, le=5)
    most_per_day: int = Field(ge=1, le=1_000_000)
    notices_per_day: int = Field(ge=1, le=1_000_000)

    @field_validator("endpoint")
    @classmethod
    def _is_sealed(cls, endpoint: str) -> str:
        return _sealed_on_the_way(endpoint)

    @model_validator(mode="after")
    def _whole_or_none(self) -> Self:
        for name in ("key_id", "sign_name", "template_code") if self.endpoint else ():
            if not getattr(self, name):
                raise ValueError(f"sms.endpoint needs sms.{name} as well")
        if self.endpoint and not self.key_secret.get_secret_value():
            raise ValueError("sms.endpoint needs GRID_REPORT_SMS__KEY_SECRET as well")
        return self


class Wechat(Section):
    endpoint: str
    authorize_url: str
    app_id: str = Field(pattern=r"^[A-Za-z0-9_-]{0,64}$")
    app_secret: SecretStr
    timeout_seconds: float = Field(gt=0, le=20, allow_inf_nan=False)

    @field_validator("endpoint", "authorize_url")
    @classmethod
    def _is_sealed(cls, address: str) -> str:
        if not address:
            raise ValueError("an address that begins with https:// is wanted")
        return _sealed_on_the_way(address)


class Notify(Section):
    channels: tuple[Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")], ...]
    templates: str

    @field_validator("channels", mode="before")
    @classmethod
    def _words_of_a_variable(cls, given: Any) -> Any:
        return given.replace(",", " ").split() if isinstance(given, str) else given


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


class Map(Section):
    tiles: tuple[str, ...] = Field(max_length=4)
    subdomains: str = Field(pattern=r"^[0-9a-z]{0,16}$")
    datum: Literal["wgs84", "gcj02"]
    attribution: str = Field(max_length=200)
    approval: str = Field(max_length=60)
    min_zoom: int = Field(ge=0, le=22)
    max_zoom: int = Field(ge=0, le=22)

    @field_validator("tiles", mode="before")
    @classmethod
    def _words_of_a_variable(cls, given: Any) -> Any:
        return given.split() if isinstance(given, str) else given

    @field_validator("tiles")
    @classmethod
    def _are_templates(cls, tiles: tuple[str, ...]) -> tuple[str, ...]:
        for template in tiles:
            host = _HOST_OF_TILES.match(template)
            names = re.findall(r"\{([^{}]*)\}", template[host.end() :]) if host else []
            if sorted(names) != ["x", "y", "z"] or not template.isascii():
                raise ValueError(
                    "https://host/… with {x}, {y} and {z} in it, {s} at most in the host, is allowed"
                )
        if len({host[0] for it in tiles if (host := _HOST_OF_TILES.match(it))}) > 1:
            raise ValueError("all layers have to come from one host")
        return tiles

    @model_validator(mode="after")
    def _may_be_shown(self) -> Self:
        if self.min_zoom > self.max_zoom:
            raise ValueError("map.min_zoom has to be no more than map.max_zoom")
        if not self.tiles:
            return self
        if not self.attribution.strip():
            raise ValueError("map.tiles needs map.attribution as well: who made the map")
        if not any(it.isdigit() for it in self.approval):
            raise ValueError("map.tiles needs map.approval as well: the approval number of the map")
        if ("{s}" in self.tiles[0]) is not bool(self.subdomains):
            raise ValueError("map.subdomains says what {s} in map.tiles stands for: both or none")
        return self

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts tiles come from: the only ones beside our own a page with a map may ask."""
        found = _HOST_OF_TILES.match(self.tiles[0]) if self.tiles else None
        base = found[0].rstrip("/") if found else ""
        return tuple(base.replace("{s}", it) for it in self.subdomains or ".") if base else ()


# Sealed, or on this machine, where tests have theirs. What it lets through may stand in a policy.
_HOST_OF_TILES = re.compile(
    r"(https://(?:[a-z0-9-]|\{s\})+(?:\.(?:[a-z0-9-]|\{s\})+)+(?::[0-9]{1,5})?"
    r"|http://(?:127\.0\.0\.1|localhost)(?::[0-9]{1,5})?)/"
)


class Photos(Section):
    max_files: int = Field(ge=1, le=20)
    max_file_mb: int = Field(ge=1, le=200)
    max_pixels: int = Field(ge=1, le=1_000_000_000)
    phone_side: int = Field(ge=640, le=8192)
    side: int = Field(ge=640, le=8192)
    cpu_seconds: Seconds
    wall_seconds: Seconds
    memory_mb: int = Field(ge=64, le=65_536)
    processes: int = Field(ge=0, le=256)
    verify_share: Share
    unknown_days: Days
    brake_share: float = Field(gt=0, lt=1)
    brake_floor: Count


class Limits(Section):
    reports_per_hour: Count
    reports_per_day: Count
    sign_ins_per_15_min: Count
    sign_ins_per_address_15_min: Count
    sms_codes_per_hour: Count
    sms_codes_per_day: int = Field(ge=2, le=1_000_000)
    sign_ups_per_address_hour: Count
    quiz_tries_per_day: Count
    looks_per_hour: Count
    uploads_waiting: Count
    uploads_waiting_mb: Count


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


class Leaving(Section):
    erase_days: int = Field(ge=0, le=30)
    export_days: int = Field(ge=1, le=30)
    exports_per_hour: Count


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
    minutes: dict[JobName, Minutes]
    orphan_minutes: Minutes


class Demo(Section):
    enabled: bool
    reports: int = Field(ge=0, le=1_000_000)
    seed: int = Field(ge=0, le=2**63 - 1)
