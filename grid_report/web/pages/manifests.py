"""What a phone's home screen shows of the site: the web app manifest."""

from __future__ import annotations

from typing import Any, Final

from flask import url_for

from grid_report.languages import LANGUAGES
from grid_report.web.context import actor_or_none, language
from grid_report.web.pages.filters import may
from grid_report.web.pages.words import sentence

# The rider's orange, and the paper of the phone's pages: static/css/tokens.css.
THEME: Final = "#c2410c"
GROUND: Final = "#fbf9f6"
# File in static/icons, side in pixels, and what a launcher may do with it.
ICONS: Final = (
    ("icon-192.png", 192, "any"),
    ("icon-512.png", 512, "any"),
    ("icon-maskable-512.png", 512, "maskable"),
)
# Pages a long press on the sign leads to, by what they are called in `words/site/sign.txt`.
SHORTCUTS: Final = {"report": "reports.new", "mine": "reports.mine"}


def manifest() -> dict[str, Any]:
    """Return the manifest in the language of whoever asks, with ways for them alone."""
    leads = actor_or_none() is None or may("report.submit")
    start = url_for("reports.home")
    return {
        "id": start,
        "start_url": start,
        "scope": start,
        "display": "standalone",
        "name": sentence("site/sign", "site"),
        "short_name": sentence("site/sign", "site"),
        "lang": LANGUAGES[language()].html,
        "theme_color": THEME,
        "background_color": GROUND,
        "icons": [
            {
                "src": url_for("static", filename=f"icons/{name}"),
                "sizes": f"{side}x{side}",
                "type": "image/png",
                "purpose": purpose,
            }
            for name, side, purpose in ICONS
        ],
        "shortcuts": [
            {"name": sentence("site/sign", code), "url": url_for(endpoint)}
            for code, endpoint in SHORTCUTS.items()
            if leads
        ],
    }
