"""What lies under the map, and which host a page with a map may ask beside our own."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from grid_report import clock
from grid_report.places import queries as places_queries
from grid_report.places.basemap import usecases
from grid_report.settings import Map, SettingsError, load
from grid_report.web.http.headers import POLICY
from tests.support.builders import Make

CREDIT = {"attribution": "天地图", "approval": "GS(2025)1508号"}
TIANDITU = tuple(
    f"https://t{{s}}.tianditu.gov.cn/{layer}_w/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0"
    f"&LAYER={layer}&STYLE=default&TILEMATRIXSET=w&FORMAT=tiles"
    "&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}&tk=KEY"
    for layer in ("vec", "cva")
)
SAID = {"tiles": list(TIANDITU), "subdomains": "01234567", **CREDIT}


def tiles(**more: Any) -> Map:
    return load({}, {"map": {**SAID, **more}}).map


def test_a_provider_with_two_layers_and_many_hosts_can_be_named() -> None:
    found = tiles()
    assert found.tiles == TIANDITU
    assert found.hosts == tuple(f"https://t{it}.tianditu.gov.cn" for it in "01234567")
    by_variable = {f"GRID_REPORT_MAP__{k.upper()}": v for k, v in CREDIT.items()}
    by_variable |= {
        "GRID_REPORT_MAP__TILES": " ".join(TIANDITU),
        "GRID_REPORT_MAP__SUBDOMAINS": "07",
    }
    assert load(by_variable).map.hosts[1] == "https://t7.tianditu.gov.cn"
    plain = tiles(tiles=["https://tiles.example.org/{z}/{x}/{y}.png"], subdomains="")
    assert plain.hosts == ("https://tiles.example.org",)
    assert load({}).map.hosts == ()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"attribution": " "}, "map.attribution"),
        ({"approval": ""}, "map.approval"),
        ({"approval": "none"}, "map.approval"),
        ({"subdomains": ""}, "map.subdomains"),
        ({"min_zoom": 19}, "map.min_zoom"),
        ({"tiles": ["https://a.example/{z}/{x}/{y}", "https://b.example/{z}/{x}/{y}"]}, "one host"),
    ],
)
def test_tiles_nobody_may_be_shown_stop_the_start(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        tiles(**wrong)


BAD_HOSTS = [
    "http://tiles.example.org/{z}/{x}/{y}", "https://tiles.example.org/{z}/{x}", "//h.example/{z}/{x}/{y}",
    "https://tiles.example.org/{z}/{x}/{y}/{key}", "https://h.example; script-src */{z}/{x}/{y}",
    "https://h.example'/{z}/{x}/{y}", "https://u:p@h.example/{z}/{x}/{y}", "https://*.example/{z}/{x}/{y}",
    "https://h.example/{s}/{z}/{x}/{y}", "https://{x}.example/{z}/{y}", "/{z}/{x}/{y}",
    "http://127.0.0.1.example.org/{z}/{x}/{y}", "https://localhost/{z}/{x}/{y}", "", 7,
]  # fmt: skip


@pytest.mark.parametrize("template", BAD_HOSTS)
def test_no_address_of_tiles_says_anything_else_in_the_policy(template: Any) -> None:
    with pytest.raises(SettingsError, match=r"map\.tiles"):
        tiles(tiles=[template], subdomains="")


@pytest.mark.database
def test_a_page_with_a_map_may_show_the_providers_pictures_and_no_other_page_may(
    make: Make, another_app: Callable[..., Flask]
) -> None:
    rider = make.rider()
    cookie = make.signed_in(rider).get_cookie("grid_report")
    assert cookie is not None
    browser = another_app(map=SAID).test_client()
    browser.set_cookie("grid_report", cookie.value)
    hosts = " ".join(tiles().hosts)
    opened = POLICY.replace("img-src 'self' data: blob:", f"img-src 'self' data: blob: {hosts}")
    assert opened != POLICY
    refused = browser.post("/report/new", data={"csrf_token": "x"})
    for path in ("/report/new", "/report/shell"):
        answer = browser.get(path)
        assert answer.headers["Content-Security-Policy"] == opened, path
        assert answer.headers["Referrer-Policy"] == "same-origin"
    assert refused.headers["Content-Security-Policy"] in (POLICY, opened)
    for path in ("/my/reports", "/me", "/sign-in", "/map/ground.json", "/api/v1/me", "/nowhere"):
        assert browser.get(path).headers["Content-Security-Policy"] == POLICY, path
    ground = browser.get("/map/ground.json").get_json()["ground"]
    assert (ground["kind"], ground["tiles"]) == ("tiles", list(TIANDITU))
    assert ground["credit"] == "天地图 · 审图号：GS(2025)1508号"


@pytest.mark.database
def test_the_map_says_what_lies_under_it_and_what_stands_on_it(make: Make) -> None:
    browser = make.signed_in(make.rider())
    first = browser.get("/map/ground.json")
    found = json.loads(first.data)
    assert found["ground"] is None
    assert ["compound", "安居里1期（演示）", 42.547548, 124.034699] in found["spots"]
    assert ["landmark", "客运站（演示）", 42.545, 124.1] in found["spots"]
    assert found["words"]["in"] == "放大"
    assert found["words"]["near"] == "靠近{name}"
    again = browser.get("/map/ground.json", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    usecases.load_demo_basemap(
        attribution="虚构", county=places_queries.cache().extent, now=clock.now()
    )
    new = browser.get("/map/ground.json", headers={"If-None-Match": first.headers["ETag"]})
    ground = json.loads(new.data)["ground"]
    assert (ground["kind"], ground["min_zoom"], ground["max_zoom"]) == ("file", 11, 14)
    assert ground["credit"].endswith("审图号：—")
    assert browser.get(ground["address"]).status_code == 200
    browser.set_cookie("language", "en")
    english = json.loads(browser.get("/map/ground.json").data)
    assert english["words"]["near"] == "near {name}"
    assert make.app.test_client().get("/map/ground.json").status_code == 303
