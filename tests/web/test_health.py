"""Is the process up, can it work, and who may read its figures."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from grid_report import schema
from grid_report.db import db

pytestmark = pytest.mark.database


def test_a_sound_site_says_so(client: FlaskClient) -> None:
    assert client.get("/healthz").json == {"status": "ok"}
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json == {
        "status": "ok",
        "checks": {"database": "ok", "migrations": "ok", "photo_store": "ok"},
    }


def test_a_database_behind_the_program_is_not_ready_but_alive(client: FlaskClient) -> None:
    schema.downgrade(db.engine, "0005")
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.get_json()["checks"] == {
        "database": "ok", "migrations": "failed", "photo_store": "ok",
    }  # fmt: skip
    assert client.get("/healthz").status_code == 200


def test_a_store_that_cannot_be_written_is_not_ready(app: Flask, client: FlaskClient) -> None:
    root = Path(app.extensions["grid_report"].media.store.root)
    shutil.rmtree(root, ignore_errors=True)
    root.parent.mkdir(parents=True, exist_ok=True)
    root.write_text("a file where the folder was")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.get_json()["checks"]["photo_store"]) == (503, "failed")
    assert "a file" not in answer.text


def figures(client: FlaskClient, address: str = "127.0.0.1", **headers: str) -> int:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = client.get("/metrics", headers=sent, environ_overrides={"REMOTE_ADDR": address})
    if answer.status_code == 200:
        assert "grid_report_requests_total" in answer.text
    return int(answer.status_code)


def test_figures_are_for_this_host(client: FlaskClient) -> None:
    assert figures(client) == figures(client, "::1") == 200
    for address in ("10.0.0.7", "192.168.1.2", "203.0.113.9", ""):
        assert figures(client, address) == 404


def test_a_proxy_on_this_host_does_not_open_the_figures_to_everybody(client: FlaskClient) -> None:
    assert figures(client, X_Forwarded_For="203.0.113.9") == 404
    assert figures(client, Forwarded="for=203.0.113.9") == 404


def test_figures_elsewhere_need_the_token(another_app: Callable[..., Flask]) -> None:
    token = "figures-for-the-monitor-0123456789"
    client = another_app(security={"metrics_token": token}).test_client()
    assert figures(client, "10.0.0.7", Authorization=f"Bearer {token}") == 200
    for wrong in ("Bearer nonsense", "Bearer ", "Bearer é", ""):
        assert figures(client, "10.0.0.7", Authorization=wrong) == 404


def test_without_a_token_set_no_token_opens_them(client: FlaskClient) -> None:
    for given in ("Bearer ", "Bearer", ""):
        assert figures(client, "10.0.0.7", Authorization=given) == 404
