"""Chromium for the browser tests: found, or installed by apt where we may."""

import os
import shutil
import threading
from pathlib import Path

from tools import work

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
# The same browser without windows and extensions: a page costs a quarter less. It does not go on
# with what a closed page left to it, so one journey takes the whole browser.
SHELL = "chromium-headless-shell"
# Chinese without a font is boxes, and boxes have other widths: layouts would be judged wrongly.
CJK_FONT = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")
APT = ["apt-get", "-y", "-o", "DPkg::Lock::Timeout=300", "-o", "Dpkg::Use-Pty=0"]


def find() -> str | None:
    """Return the path of a Chromium."""
    given = os.environ.get("GRID_REPORT_TEST_CHROMIUM")
    if given:
        return given if os.access(given, os.X_OK) else None
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def find_shell() -> str | None:
    """Return the path of a Chromium without windows, if there is one and none was named."""
    return None if os.environ.get("GRID_REPORT_TEST_CHROMIUM") else shutil.which(SHELL)


class Chromium:
    """Install it in the background while other tests run, as apt takes its time."""

    def __init__(self) -> None:
        self.reason = ""
        self._thread = threading.Thread(target=self._install, daemon=True)
        may_install = os.geteuid() == 0 and "GRID_REPORT_TEST_CHROMIUM" not in os.environ
        if find() is None or (may_install and not (CJK_FONT.exists() and find_shell())):
            self._thread.start()

    def wait(self) -> str | None:
        """Return its path once it is there; else None, with the reason."""
        if self._thread.is_alive():
            self._thread.join()
        found = find()
        if not found and not self.reason:
            self.reason = "GRID_REPORT_TEST_CHROMIUM"
        return found

    def _install(self) -> None:
        packages = [] if find() else ["chromium"]
        packages += [] if CJK_FONT.exists() else ["fonts-noto-cjk"]
        command = f"apt-get install -y {' '.join(packages)}"
        if not shutil.which("apt-get"):
            self.reason = "没有 apt-get，请自行安装 Chromium。 No apt-get here: install Chromium."
            return
        if os.geteuid() != 0:
            self.reason = f"请以 root 运行一次。 As root, once: {command}"
            return
        if packages and (tail := install(packages)):
            self.reason = f"{command}: " + " / ".join(tail[-4:])
        elif not find_shell():
            # Not every system has it; the whole browser does what it does.
            install([SHELL])


def install(packages: list[str]) -> list[str]:
    """Install packages by apt; return the last lines it said if that failed."""
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    words = [*APT, "install", "--no-install-recommends", *packages]
    code, tail = work.run_logged("apt", words, env=env)
    if code:
        # A fresh Debian knows no packages yet, and old lists name files that have gone.
        work.run_logged("apt-update", [*APT, "update"], env=env)
        code, tail = work.run_logged("apt", words, env=env)
    return tail if code else []
