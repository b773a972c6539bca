"""A real site and a real Chromium for the journeys."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright

from grid_report import clock
from grid_report.demo.wechat.pretended import PretendedWechat
from tests.notify.wechat.pretending import wechat_of
from tests.support import present

ROOT = Path(__file__).resolve().parents[3]
# In the folder of a world: how far its clock is ahead of the machine's.
AHEAD = "ahead"
ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1366, "height": 768}
DEMO_PASSWORD = "demo-only"

# Playwright's own clock would stop what a voucher reckons with: when its page came. Only the date
# is another; timers and the spans between two instants stay the machine's. The service worker
# keeps the machine's time: it holds nothing but its own instants against each other.
TIME = """
(() => {
  const [Real, ahead] = [Date, %d];
  const shown = () => Real.now() + ahead;
  window.Date = new Proxy(Real, {
    apply: () => new Real(shown()).toString(),
    construct: (_, given, made) => Reflect.construct(Real, given.length ? given : [shown()], made),
    get: (_, name) => (name === "now" ? shown : Reflect.get(Real, name)),
  });
  const began = performance.timeOrigin + ahead;
  Object.defineProperty(performance, "timeOrigin", { get: () => began });
})();
"""


def chromium_path() -> str | None:
    """Return where Chromium is, or None."""
    given = os.environ.get("GRID_REPORT_TEST_CHROMIUM")
    return given or shutil.which("chromium") or shutil.which("chromium-browser")


def shell_path() -> str | None:
    """Return where Chromium without windows is, which costs less; else the whole one, or None."""
    return os.environ.get("GRID_REPORT_TEST_CHROMIUM_SHELL") or chromium_path()


@contextmanager
def chromium(path: str) -> Iterator[Browser]:
    """Start one browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Make a folder and let one process at a time be at it."""
    folder.mkdir(exist_ok=True)
    with (folder.parent / f"{folder.name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


class Site:
    """A site started as a newcomer's `./run` starts it, on a folder and a port of its own."""

    def __init__(self, folder: Path, world: Path) -> None:
        """Start it with a copy of a world; the first that asks for the world loads it."""
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.wechat = PretendedWechat()
        with only_one(world):
            is_new = not (world / AHEAD).exists()
            if is_new:
                # What was set up before may have left the clock an hour earlier, and so in
                # another month.
                present.begin()
            else:
                clock.run_ahead(timedelta(seconds=float((world / AHEAD).read_text())))
            # The site's time, and with it that of whoever looks at it: see `tests/conftest.py`.
            self.ahead = clock.ahead()
            if is_new:
                self._load(world)
            shutil.copytree(world, folder, dirs_exist_ok=True)
        self.environment = self._environment(folder)
        self.log = (folder / "serve.log").open("wb")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "grid_report.cli", "serve"],
            env=self.environment,
            cwd=ROOT,
            stdout=self.log,
            stderr=subprocess.STDOUT,
        )
        self._wait()

    def _load(self, world: Path) -> None:
        """Load a small demo world."""
        self._command(world, "db", "upgrade")
        self._command(world, "demo", "load", "--reports", "60", "--seed", "7")
        (world / AHEAD).write_text(repr(self.ahead.total_seconds()))

    def _environment(self, folder: Path) -> dict[str, str]:
        return {
            **os.environ,
            **present.environ(),
            # Another time is for tests only; all else is as a newcomer has it.
            "GRID_REPORT_ENV": "testing",
            "GRID_REPORT_CONFIG": str(ROOT / "config" / "default.toml"),
            "GRID_REPORT_DATA": str(folder),
            "PORT": str(self.port),
            "HOST": "127.0.0.1",
            "GRID_REPORT_DEMO": "1",
            "GRID_REPORT_SERVER__WORKERS": "1",
            # Members can be told beside the inbox, by a WeChat on this machine.
            **{
                f"GRID_REPORT_{section}__{name}".upper(): str(value)
                for section, values in wechat_of(self.wechat.endpoint, "wechat").items()
                for name, value in values.items()
            },
            "GRID_REPORT_SERVER__PUBLIC_URL": self.address,
            # The journeys of an hour are few riders' and more than one of them would report.
            "GRID_REPORT_LIMITS__REPORTS_PER_HOUR": "60",
            "GRID_REPORT_LIMITS__REPORTS_PER_DAY": "60",
        }

    def _command(self, folder: Path, *words: str) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "grid_report.cli", *words],
            env=self._environment(folder),
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]

    def _wait(self) -> None:
        for _ in range(240):
            try:
                with urllib.request.urlopen(f"{self.address}/readyz", timeout=5) as answer:
                    if answer.status == 200:
                        return
            except (urllib.error.URLError, OSError):
                time.sleep(0.5)
            assert self.process.poll() is None, (self.folder / "serve.log").read_text()[-3000:]
        raise AssertionError("the site did not become ready")

    def errors(self) -> list[str]:
        """Return the log lines that tell of a failure."""
        lines = (self.folder / "serve.log").read_text(errors="replace").splitlines()
        return [line for line in lines if '"level": "error"' in line or "Traceback" in line]

    def stop(self) -> None:
        """Stop it as Ctrl-C does."""
        self.process.terminate()
        self.process.wait(30)
        self.log.close()
        self.wechat.close()


class Person:
    """Somebody with a browser of their own; every page is watched for script errors."""

    def __init__(
        self,
        browser: Browser,
        site: Site,
        phone: str,
        *,
        size: ViewportSize,
        **context: Any,
    ) -> None:
        self.site = site
        settings: dict[str, Any] = {"viewport": size, "locale": "zh-CN", **context}
        if size is PHONE:
            settings |= {"has_touch": True, "is_mobile": True, "device_scale_factor": 2}
        self.context: BrowserContext = browser.new_context(**settings)
        self.context.add_init_script(TIME % round(site.ahead.total_seconds() * 1000))
        self.context.set_default_timeout(20_000)
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", self._listen)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        if phone:
            self.sign_in(phone)

    def _listen(self, message: Any) -> None:
        # A refused form answers 4xx on purpose, and the browser notes it; a network that is cut
        # off on purpose has it note that it found no newer service worker.
        on_purpose = ("Failed to load resource", "An unknown error occurred when fetching the")
        if message.type == "error" and not message.text.startswith(on_purpose):
            self.complaints.append(message.text)

    def sign_in(self, phone: str) -> None:
        """Sign in with phone and password."""
        self.go("/sign-in")
        form = self.page.locator("form:has(input[type=password])").first
        form.locator("[name=phone]").fill(phone)
        form.locator("[name=password]").fill(DEMO_PASSWORD)
        form.locator("[type=submit]").click()
        self.page.wait_for_url(lambda url: "/sign-in" not in url)

    def go(self, path: str) -> Page:
        """Open a page of the site."""
        self.page.goto(self.site.address + path)
        return self.page

    def close(self) -> None:
        """Leave."""
        self.context.close()
