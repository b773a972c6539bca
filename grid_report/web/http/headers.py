"""Security headers: a strict policy without inline script or style, on every answer."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Flask, g, request
from werkzeug.wrappers import Response

# Previews of a photo before it is sent are blob: and data: images.
IMAGES = "img-src 'self' data: blob:"
POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        IMAGES,
        "connect-src 'self'",
        "worker-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)


def open_images_to(hosts: Sequence[str]) -> None:
    """Let the page that answers this request show pictures of these hosts, and of no others."""
    g.image_hosts = tuple(hosts)


def _policy() -> str:
    hosts = g.get("image_hosts", ())
    return POLICY.replace(IMAGES, " ".join((IMAGES, *hosts))) if hosts else POLICY


def init_app(app: Flask) -> None:
    """Add the headers to every answer of an app."""

    @app.after_request
    def add(response: Response) -> Response:
        headers = response.headers
        headers.setdefault("Content-Security-Policy", _policy())
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("X-Frame-Options", "DENY")
        headers.setdefault("Referrer-Policy", "same-origin")
        headers.setdefault("Permissions-Policy", "camera=(self), geolocation=(self), microphone=()")
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        if request.is_secure:
            headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        if request.endpoint != "static" and "Cache-Control" not in headers:
            # Pages and answers are about a person; nothing on the way may keep them. A page of
            # somebody signed in is kept by no browser either: the next one at the desk goes back
            # to it. What a phone keeps for where there is no network it keeps by itself (sw.mjs).
            is_page = response.mimetype == "text/html" and "ETag" not in headers
            signed_in = g.get("actor") is not None
            headers["Cache-Control"] = (
                "private, no-store" if is_page and signed_in else "private, no-cache"
            )
        return response
