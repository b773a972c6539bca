"""Where things lie in a checkout. Set-up writes inside it only (pip and npm keep their caches)."""

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
COMMAND = VENV / "bin" / "grid-report"
NODE_MODULES = ROOT / "node_modules"
OWN_NODE = VENV / "node"
STATE = ROOT / "var" / "setup"
RUN_LOCK = ROOT / "requirements.txt"
TEST_LOCK = ROOT / "requirements-test.txt"
NODE_LOCK = ROOT / "tools" / "requirements-node.txt"
STATIC = ROOT / "grid_report" / "static"
TRANSLATIONS = ROOT / "grid_report" / "translations"


def digest(files: Iterable[Path], *words: str) -> str:
    """Hash names and contents of files together with what else the result depends on."""
    total = hashlib.sha256("\0".join(words).encode())
    for file in sorted(files):
        content = file.read_bytes()
        total.update(f"\0{file.relative_to(ROOT)}\0{len(content)}\0".encode())
        total.update(content)
    return total.hexdigest()


def under(folder: Path, *patterns: str) -> list[Path]:
    """List the files below a folder that match; an absent folder has none."""
    return sorted({path for p in patterns for path in folder.rglob(p) if path.is_file()})


def stamped(stamp: Path) -> str:
    """Return what was stamped, empty when never."""
    try:
        return stamp.read_text().strip()
    except OSError:
        return ""


def put_stamp(stamp: Path, value: str) -> None:
    """Write a stamp so that a crash leaves the old one or the new one, never half."""
    stamp.parent.mkdir(parents=True, exist_ok=True)
    draft = stamp.with_name(f"{stamp.name}.{os.getpid()}")
    draft.write_text(value + "\n")
    draft.replace(stamp)


def read_facts(file: Path) -> dict[str, str]:
    """Read a small JSON note of set-up's own; damaged or absent is empty."""
    try:
        facts = json.loads(file.read_text())
    except (OSError, ValueError):
        return {}
    return facts if isinstance(facts, dict) else {}
