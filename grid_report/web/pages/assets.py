"""Built browser files: hashed names from the manifest, icons from the sprite."""

from __future__ import annotations

import json
import os
from functools import lru_cache
from pathlib import Path

from flask import Flask, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

BUILD = Path(__file__).resolve().parents[2] / "static" / "build"
_MANIFEST = str(BUILD / "manifest.json")


@lru_cache(maxsize=4)
def _manifest(changed: float) -> dict[str, str]:
    names: dict[str, str] = json.loads((BUILD / "manifest.json").read_text())
    return names


def stamp() -> float | None:
    """Return what is another after each build; none when nothing was built yet."""
    try:
        return os.stat(_MANIFEST).st_mtime
    except FileNotFoundError:
        return None


def manifest() -> dict[str, str]:
    """Return plain name → hashed name; empty when nothing was built yet."""
    changed = stamp()
    return _manifest(changed) if changed is not None else {}


def asset(name: str) -> str:
    """Return the address of a built file."""
    # A page asks for its sprite with every icon, and `url_for` would find the same each time.
    return _address(request.script_root if request else "", manifest().get(name, name))


@lru_cache(maxsize=256)
def _address(_root: str, name: str) -> str:
    return url_for("static", filename="build/" + name)


def icon(name: str, label: str = "") -> Markup:
    """Draw an icon of the sprite; decorative unless it gets a label."""
    return _drawn(asset("icons.svg"), name, label)


@lru_cache(maxsize=512, typed=True)  # a safe text and a plain one are equal
def _drawn(sprite: str, name: str, label: str) -> Markup:
    meaning = (
        Markup('role="img" aria-label="{}"').format(label)
        if label
        else Markup('aria-hidden="true"')
    )
    return Markup('<svg class="icon" {}><use href="{}#{}"></use></svg>').format(
        meaning, sprite, name
    )


def init_app(app: Flask) -> None:
    """Offer `asset` and `icon` to templates; hashed files may be kept forever."""
    app.jinja_env.globals.update(asset=asset, icon=icon)

    @app.after_request
    def keep(response: Response) -> Response:
        if request.endpoint == "static" and response.status_code in (200, 304):
            hashed = request.path.removeprefix("/static/build/") in manifest().values()
            response.headers["Cache-Control"] = (
                "public, max-age=31536000, immutable" if hashed else "public, max-age=300"
            )
        return response
