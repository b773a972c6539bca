"""Make the small pictures of the product itself: icons of the app, and one picture a kind of hazard.

`.venv/bin/python -m tools.painter.signs`; the icons are drawn by Chromium from `static/icon.svg`.
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageOps
from playwright.sync_api import sync_playwright

from grid_report.demo.pictures import shots
from tests.support.visits.browser import ARGUMENTS, shell_path

STATIC = Path(__file__).resolve().parents[2] / "grid_report" / "static"
GROUND = "#c2410c"
# Name, side in pixels, and the part of it that the sign takes: launchers cut a maskable one to
# a circle, and Apple's rounds the corners by itself.
ICONS = [
    ("icon-192.png", 192, 1.0),
    ("icon-512.png", 512, 1.0),
    ("icon-maskable-512.png", 512, 0.8),
    ("apple-touch-icon.png", 180, 0.86),
]
HAZARD = (320, 240)
QUALITY = 68


def main() -> None:
    """Write icons and pictures."""
    icons()
    hazards()


def icons() -> None:
    """Draw the icon in the sizes launchers ask for."""
    sign = (STATIC / "icon.svg").read_text(encoding="utf-8")
    folder = STATIC / "icons"
    folder.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shell_path(), args=ARGUMENTS)
        for name, side, part in ICONS:
            page = browser.new_page(viewport={"width": side, "height": side})
            ground = GROUND if part < 1 else "transparent"
            size = round(side * part)
            page.set_content(
                f"<style>body{{margin:0;background:{ground};display:grid;place-items:center;"
                f"height:{side}px}}svg{{width:{size}px;height:{size}px}}</style>{sign}"
            )
            page.screenshot(path=folder / name, omit_background=True)
            page.close()
        browser.close()
    for name, _, _ in ICONS:
        with Image.open(folder / name) as image:
            image.quantize(64).save(folder / name, optimize=True)


def hazards() -> None:
    """Make a small picture of each kind the demo has scenes of."""
    folder = STATIC / "hazards"
    folder.mkdir(exist_ok=True)
    for category, scenes in sorted(shots.stored_scenes().items()):
        with Image.open(scenes[0].file(after=False)) as image:
            small = ImageOps.fit(image.convert("RGB"), HAZARD, Image.Resampling.LANCZOS)
        small.save(folder / f"{category}.jpg", "JPEG", quality=QUALITY, optimize=True)


if __name__ == "__main__":
    main()
