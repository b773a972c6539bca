"""The sign on a phone's home screen: what the manifest promises is there."""

from __future__ import annotations

import io

import pytest
from flask.testing import FlaskClient
from PIL import Image

from tests.support.builders import Make


def test_every_page_leads_to_the_manifest_and_the_manifest_to_signs_of_their_size(
    client: FlaskClient,
) -> None:
    page = client.get("/sign-in").text
    assert (
        '<link rel="manifest" href="/manifest.webmanifest" crossorigin="use-credentials">' in page
    )
    told = client.get("/manifest.webmanifest")
    assert told.mimetype == "application/manifest+json"
    assert told.json is not None
    signs = [(it["src"], it["sizes"]) for it in told.json["icons"]]
    signs.append(("/static/icons/apple-touch-icon.png", "180x180"))
    assert 'rel="apple-touch-icon" href="/static/icons/apple-touch-icon.png"' in page
    for address, sizes in signs:
        with client.get(address) as answer, Image.open(io.BytesIO(answer.data)) as picture:
            assert f"{picture.width}x{picture.height}" == sizes


@pytest.mark.parametrize(
    "language, name, lang", [("zh_CN", "移动网格员", "zh-CN"), ("en", "Grid Report", "en")]
)
def test_the_sign_speaks_the_language_of_the_phone(
    client: FlaskClient, language: str, name: str, lang: str
) -> None:
    client.set_cookie("language", language)
    told = client.get("/manifest.webmanifest").json
    assert told is not None
    assert (told["name"], told["lang"], told["start_url"]) == (name, lang, "/")


@pytest.mark.parametrize(
    "asked, onwards",
    [("", "/"), ("?next=/my/reports", "/my/reports"), ("?next=https://elsewhere.example/", "/")],
)
def test_the_tour_is_left_for_where_its_reader_was_going_and_for_nowhere_else(
    client: FlaskClient, asked: str, onwards: str
) -> None:
    page = client.get(f"/tour{asked}").text
    assert page.count(f'href="{onwards}"') >= 2  # left at the top, and done at the foot
    assert 'href="https:' not in page


def test_nobody_is_shown_a_picture_of_people_in_need(client: FlaskClient) -> None:
    page = client.get("/hazards").text
    assert "hazards/RD02.jpg" in page
    assert "人员受伤" in page
    assert "hazards/PS02.jpg" not in page


@pytest.mark.parametrize("who", ["rider", "worker"])
def test_the_sign_leads_nobody_where_they_may_not_go(make: Make, who: str) -> None:
    browser = make.signed_in(getattr(make, who)())
    told = browser.get("/manifest.webmanifest")
    assert told.json is not None
    ways = [it["url"] for it in told.json["shortcuts"]]
    assert len(ways) == (2 if who == "rider" else 0)
    assert [browser.get(it).status_code for it in ways] == [200] * len(ways)
    assert "private" in told.headers["Cache-Control"]
