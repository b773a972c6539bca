"""What a page must hold on every screen: axe-core, no sideways scrolling, and pictures of it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page, ViewportSize

from tests.support.visits.browser import DESK, PHONE, ROOT

SMALL: ViewportSize = {"width": 320, "height": 640}

# Rules that axe leaves out by itself, but WCAG 2.2 AA asks for.
AXE_OPTIONS: dict[str, Any] = {
    "resultTypes": ["violations"],
    "rules": {"target-size": {"enabled": True}},
    # Style sheets are read for one rule only, an experimental one that does not run.
    "preload": {"assets": ["media"]},
}
# What may come out otherwise when a standing page puts on another theme or size of text: all
# the other rules read the document alone, which is still the same.
OF_SIZES = ("scrollable-region-focusable", "target-size")
OF_COLOURS = ("color-contrast", "link-in-text-block")
OF_STYLES = (*OF_COLOURS, *OF_SIZES)

# Pictures take a quarter of the time; they are for eyes, and kept when asked for: of every page
# in its first look, or in all of them. Of what is wrong there always is one.
PICTURES = os.environ.get("GRID_REPORT_PICTURES", "")

# What sticks out on the right, the innermost first; a box that scrolls by itself may hold it.
TOO_WIDE = """() => {
  const room = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= room) return [];
  const scrolls = (it) => it && it !== document.body && it !== document.documentElement
    && (getComputedStyle(it).overflowX !== 'visible' || scrolls(it.parentElement));
  return [...document.body.querySelectorAll('*')]
    .filter((it) => it.getBoundingClientRect().right > room + 1 && !scrolls(it.parentElement))
    .slice(-4).map((it) => it.outerHTML.slice(0, 160)).concat(`page is wider than ${room} px`);
}"""


@dataclass(frozen=True)
class Variant:
    """One way of looking at a page, chosen by the cookies of the preferences."""

    name: str
    theme: str = "light"
    text: str = "normal"
    language: str = "zh_CN"

    def wear(self, context: BrowserContext, address: str) -> None:
        """Make the next pages of a browser look like this."""
        chosen = {"theme": self.theme, "text": self.text, "language": self.language}
        context.add_cookies(
            [{"name": name, "value": value, "url": address} for name, value in chosen.items()]
        )

    def put_on(self, page: Page) -> bool:
        """Let the open page look like this, where that is styles alone; else return false.

        What a script has drawn in other colours has to be drawn anew.
        """
        return bool(
            page.evaluate(
                """([theme, text]) => {
                    if (document.querySelector('canvas, figure[data-chart]')) return false;
                    Object.assign(document.documentElement.dataset, { theme, text });
                    document.querySelector('meta[name=color-scheme]').content = theme;
                    return true;
                }""",
                [self.theme, self.text],
            )
        )


LIGHT = Variant("light")
DARK = Variant("dark", theme="dark")
BIG = Variant("big", text="big")
# Words of another length break another line; colours are the same in every language.
EVERY_LOOK = (
    *(LIGHT, DARK, BIG),
    *(replace(look, name=f"{look.name}-en", language="en") for look in (LIGHT, BIG)),
)


@lru_cache(maxsize=1)
def _axe() -> str:
    return (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text()


def violations(
    page: Page, within: str = "", *, rules: Sequence[str] = (), without: Sequence[str] = ()
) -> list[str]:
    """Run axe-core on a page as it stands, or a part of it; return one line a violation.

    `rules`: only these; none, all of them but those it is to be `without`.
    """
    # Evaluated by the debugger: the page's own policy lets no foreign script in.
    if not page.evaluate("'axe' in window"):
        page.evaluate(_axe() + ";0")
    found: list[dict[str, Any]] = page.evaluate(
        "([within, options]) => axe.run(within || document, options).then(it => it.violations.map(v => ({id: v.id,"
        " nodes: v.nodes.map(n => n.target.join(' ') + ' ' + n.html.slice(0, 160) + ' — '"
        " + n.any.concat(n.all, n.none).map(c => c.message).join('; '))})))",
        [within, AXE_OPTIONS | _chosen(rules, without)],
    )
    return [f"axe {it['id']}: {node}" for it in found for node in it["nodes"][:4]]


def _chosen(rules: Sequence[str], without: Sequence[str]) -> dict[str, Any]:
    if rules:
        return {"runOnly": list(rules)}
    off = {rule: {"enabled": False} for rule in without}
    return {"rules": AXE_OPTIONS["rules"] | off}


def too_wide(page: Page) -> list[str]:
    """Return what makes a page scroll sideways."""
    return [f"wide: {line}" for line in page.evaluate(TOO_WIDE)]


def violations_of(
    page: Page, variant: Variant, within: str = "", *, restyled: bool = False
) -> list[str]:
    """Run the rules that may come out otherwise in a variant than in those before it.

    English has the colours and sizes of Chinese: new are its names, and how wide it is. Big text
    needs less contrast than small.
    """
    if variant.language == "en":
        return [] if restyled else violations(page, within, without=OF_COLOURS)
    if variant.text == "big":
        return violations(page, within, rules=OF_SIZES)
    return violations(page, within, rules=OF_STYLES if restyled else ())


def look(
    page: Page,
    name: str,
    variant: Variant,
    *,
    desk: bool,
    shots: Path,
    within: str = "",
    restyled: bool = False,
) -> list[str]:
    """Examine an open page in a variant at its sizes, keep pictures, return what is wrong.

    `restyled`, all of it was examined just before, in other styles.
    """
    wrong = violations_of(page, variant, within, restyled=restyled)
    first, other = (DESK, PHONE) if desk else (PHONE, DESK)
    asked_for = PICTURES == "all" or (PICTURES == "first" and variant == LIGHT)
    if wrong or asked_for:
        _picture(page, name, first, variant, shots)
    if asked_for:
        page.set_viewport_size(other)
        _picture(page, name, other, variant, shots)
    for size in [PHONE, SMALL] if variant.text == "big" else [PHONE]:
        page.set_viewport_size(size)
        wrong += too_wide(page)
    return wrong


def _picture(page: Page, name: str, size: ViewportSize, variant: Variant, shots: Path) -> None:
    kind = "desk" if size is DESK else "phone"
    page.screenshot(path=shots / f"{name}-{kind}-{variant.name}.png", full_page=True, scale="css")
