"""Every code of this domain has its sentence."""

from __future__ import annotations

import re

from grid_report.places.boundaries.geojson import CROSSINGS
from tests.support.source import PACKAGE

ROOT = PACKAGE / "places"
WORDS = ROOT.parent.parent / "templates" / "words"


def macros(file: str) -> set[str]:
    text = (WORDS / file).read_text(encoding="utf-8")
    return {name.replace("_", "-") for name in re.findall(r"{% macro (\w+)\(", text)}


def test_every_finding_has_a_sentence() -> None:
    code = (ROOT / "boundaries/geojson.py").read_text(encoding="utf-8")
    used = set(
        re.findall(
            r'(?:_Refused|found\.error|found\.warn|(?:self\.)?found\.note(?:_once)?)\(\s*"([a-z0-9-]+)"',
            code,
        )
    )
    assert len(used) > 25
    assert used | set(CROSSINGS.values()) | {"shape-invalid"} <= macros("findings.txt")


def test_everything_wrong_with_a_table_has_a_sentence() -> None:
    code = "".join(
        (ROOT / name).read_text("utf-8")
        for name in ("tables/sheets.py", "tables/sheet_text.py", "usecases.py")
    )
    used = set(re.findall(r'(?:Problem\(|code=)"([a-z-]+)"', code))
    assert len(used) == 13
    assert used | {"and-more"} == macros("csv.txt")


def test_every_refusal_has_a_sentence() -> None:
    used: set[str] = set()
    for path in ROOT.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        used |= set(re.findall(r'(?:\.field|\.add)\(\s*"\w+",\s*"([a-z0-9-]+)"', text))
        used |= set(re.findall(r'"((?:category|latitude|longitude)-[a-z-]+)"', text))
    assert {"outside-county", "datum-unknown", "category-retired"} <= used
    assert used <= macros("errors.txt")


def test_every_confirmation_has_a_sentence() -> None:
    used = set(re.findall(r'said\("([a-z-]+)"', (ROOT / "routes.py").read_text(encoding="utf-8")))
    assert used <= macros("said.txt")
