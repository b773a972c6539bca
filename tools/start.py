"""From an installed checkout to a running site: where it listens, its data, its database."""

import contextlib
import errno
import json
import os
import re
import socket
import sqlite3
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from tools import work
from tools.paths import COMMAND, PYTHON, ROOT, STATE, digest, put_stamp, read_facts
from tools.paths import under as files_under
from tools.show import Problem, display

DEFAULT_PORT = 8000
# What a database is made from: migrations, reference data, and the code that loads them.
SOURCES = ("migrations", "config", "grid_report")
SOURCE_ENDINGS = ("*.py", "*.toml", "*.csv", "*.geojson")
PROGRESS = re.compile(r"demo: .*\d %")
OFF = ("0", "false", "no", "off")


@dataclass(frozen=True)
class Place:
    """Where the site listens and keeps its data, as the environment says."""

    host: str
    port: int
    data: Path
    photos: Path | None

    @classmethod
    def from_environment(cls) -> "Place":
        """Read HOST, PORT and GRID_REPORT_DATA."""
        text = os.environ.get("PORT") or str(DEFAULT_PORT)
        if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
            raise Problem(
                f"PORT={text} 不是端口号（1–65535）。", f"PORT={text} is no port number (1–65535)."
            )
        given = os.environ.get("GRID_REPORT_DATA")
        if given:
            # The site runs inside the checkout; a relative folder means one where the person is.
            os.environ["GRID_REPORT_DATA"] = given = str(Path(given).absolute())
        photos = None if given or os.environ.get("GRID_REPORT_PHOTO_STORE") else ROOT / "uploads"
        host = os.environ.get("HOST") or "127.0.0.1"
        return cls(host, int(text), Path(given) if given else ROOT / "var", photos)

    @property
    def address(self) -> str:
        """Return what to type into a browser on this machine."""
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)
        return f"http://{host}:{self.port}"

    def check(self) -> None:
        """Refuse early, in plain words, what would only fail after the installation."""
        self.check_port()
        for folder in (self.data, self.photos):
            if folder:
                check_writable(folder)

    def check_port(self) -> None:
        """Refuse an address that cannot be listened on."""
        try:
            family, _, _, _, address = socket.getaddrinfo(
                self.host, self.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
            with socket.socket(family, socket.SOCK_STREAM) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
                # Only listening tells for sure: with SO_REUSEADDR two sockets may be bound.
                probe.listen(1)
        except OSError as error:
            raise self._port_problem(error) from error

    def _port_problem(self, error: OSError) -> Problem:
        if error.errno == errno.EADDRINUSE:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                free = probe.getsockname()[1]
            return Problem(
                f"端口 {self.port} 已被别的程序占用。换一个端口：",
                f"Port {self.port} is taken by another program. Choose another one:",
                [f"PORT={free} ./run"],
            )
        if error.errno == errno.EACCES:
            return Problem(
                f"没有权限监听端口 {self.port}。请用 1024 以上的端口：",
                f"Not allowed to listen on port {self.port}. Use one above 1024:",
                [f"PORT={DEFAULT_PORT} ./run"],
            )
        return Problem(
            f"不能监听 HOST={self.host} PORT={self.port}。",
            f"Cannot listen on HOST={self.host} PORT={self.port}: {error.strerror or error}",
        )


def check_writable(folder: Path) -> None:
    """Make a data folder and refuse one that cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise Problem(
            f"数据文件夹不能写入：{folder}",
            f"The data folder cannot be written: {folder} ({error.strerror})",
            ["GRID_REPORT_DATA=/another/folder ./run"],
        ) from error


def prepare_database(place: Place) -> None:
    """Migrate, and load the demo into an empty database unless GRID_REPORT_DEMO=0.

    Skipped when this very database was brought to this very state before. The database itself
    is asked, because it may have been restored from an older backup; and with the standard
    library, because a start of the site's own command costs a second.
    """
    demo = os.environ.get("GRID_REPORT_DEMO", "1").strip().lower() not in OFF
    note = STATE / "database.json"
    sources = [p for folder in SOURCES for p in files_under(ROOT / folder, *SOURCE_ENDINGS)]
    code = digest(sources, str(place.data), str(demo))
    facts = read_facts(note)
    if facts.get("code") == code and facts.get("found", "") == _revision(place) != "":
        _tell(facts.get("told", ""))
        return
    note.unlink(missing_ok=True)
    with display.stage("数据库", "database (grid-report db upgrade)") as stage:
        exit_code, tail = work.run_logged("database", [COMMAND, "db", "upgrade"], stage)
        if exit_code:
            raise Problem("数据库没有准备好。", "The database could not be prepared.", tail)
    told = ""
    if demo:
        with display.stage("演示数据", "demo data (grid-report demo load)") as stage:
            words: list[str | Path] = [COMMAND, "demo", "load", "--if-empty"]
            exit_code, tail = work.run_logged("demo", words, stage, note=_progress)
            if exit_code:
                raise Problem("演示数据没有装入。", "The demo could not be loaded.", tail)
        lines = work.log_file("demo").read_text(encoding="utf-8").splitlines()
        told = "\n".join(x for x in lines if not x.startswith("{") and not _progress(x))
        _tell(told)
    if found := _revision(place):
        put_stamp(note, json.dumps({"code": code, "found": found, "told": told}))


def _progress(line: str) -> str:
    """Return what a line of the demo says about how far it is; its JSON log says nothing."""
    return line.removeprefix("demo:").strip() if PROGRESS.match(line) else ""


def _tell(text: str) -> None:
    """Print what the demo has to say: above all, who can sign in."""
    for line in text.splitlines():
        display.say(f"    {line}")


def _revision(place: Place) -> str:
    """Return file and revision of the default SQLite database; empty for any other."""
    other = ("GRID_REPORT_DATABASE_URL", "GRID_REPORT_CONFIG", "GRID_REPORT_ENV")
    if any(os.environ.get(n) for n in other) or any("STORAGE__" in n for n in os.environ):
        return ""
    file = place.data / "grid_report.sqlite"
    with contextlib.suppress(sqlite3.Error):
        found = sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True, timeout=2)
        try:
            rows = found.execute("SELECT version_num FROM alembic_version").fetchall()
        finally:
            found.close()
        return f"{file.stat().st_ino} {rows[0][0]}" if len(rows) == 1 else ""
    return ""


def serve(place: Place, words: list[str]) -> NoReturn:
    """Become the server: signals then reach it directly."""
    os.environ["PORT"], os.environ["HOST"] = str(place.port), place.host
    os.chdir(ROOT)
    os.execv(PYTHON, [str(PYTHON), str(COMMAND), "serve", *words])
