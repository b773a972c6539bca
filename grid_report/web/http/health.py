"""Is the process up, can it work, and its figures."""

from __future__ import annotations

import ipaddress
import os
import secrets
import time

from flask import Blueprint, Flask, Response, current_app, g, jsonify, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from grid_report import troubles
from grid_report.db import db
from grid_report.errors import NotFound
from grid_report.web.context import settings
from grid_report.web.guard import public
from grid_report.web.http import metrics as figures  # noqa: F401 - before the first figure is made

bp = Blueprint("health", __name__)

REQUESTS = Counter("grid_report_requests_total", "Requests answered", ["route", "method", "status"])
SECONDS = Histogram("grid_report_request_seconds", "Seconds a request took", ["route"])


@bp.get("/healthz")
@public
def healthz() -> Response:
    """Say that the process is up."""
    return jsonify(status="ok")


@bp.get("/readyz")
@public
def readyz() -> tuple[Response, int]:
    """Say whether everything a request needs is there; 503 with the one that is not."""
    checks = {}
    for name, check in current_app.extensions["grid_report_ready"].items():
        try:
            checks[name] = "ok" if check() else "failed"
        except Exception as error:  # whatever it is, the site is not ready
            _say(name, error)
            checks[name] = "failed"
    good = all(value == "ok" for value in checks.values())
    return jsonify(status="ok" if good else "failed", checks=checks), 200 if good else 503


def _say(check: str, error: Exception) -> None:
    trouble = troubles.behind(error)
    if trouble is None:
        current_app.logger.error("ready check failed", extra={"check": check}, exc_info=error)
        return
    troubles.log.say(trouble, f"ready check {check}", error)
    if isinstance(trouble, troubles.DatabaseGone):
        # Or the next check would only be told about the end of this one.
        db.session.remove()


@bp.get("/metrics")
@public
def metrics() -> Response:
    """Hand out the figures to loopback, or to whoever holds the token."""
    if not _may_see_metrics():
        raise NotFound
    registry = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _may_see_metrics() -> bool:
    wanted = settings().security.metrics_token.get_secret_value()
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if wanted and secrets.compare_digest(given.encode(), wanted.encode()):
        return True
    # A proxy on this host would make everybody loopback.
    if request.headers.get("X-Forwarded-For") or request.headers.get("Forwarded"):
        return False
    try:
        return ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False


def init_app(app: Flask) -> None:
    """Count every answer."""

    @app.after_request
    def count(response: Response) -> Response:
        route = request.url_rule.rule if request.url_rule else "none"
        REQUESTS.labels(route, request.method, str(response.status_code)).inc()
        if "started" in g:
            SECONDS.labels(route).observe(time.perf_counter() - g.started)
        return response
