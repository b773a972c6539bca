"""What the phones send through a line that loses a third of it arrives, all of it, once."""

from __future__ import annotations

import json
import random
import subprocess
import uuid
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import func, select

from grid_report import create_app
from grid_report.db import db
from grid_report.reports.models import Report, ReportPhoto
from tests.conftest import test_settings
from tests.operations.lossy_line import LossyLine
from tests.support.builders import Make
from tests.support.lengths import Length
from tests.support.pictures import encoded, scene
from tests.support.site import site
from tools import front

# What is tried is the line and the phones; that a key makes one report is tried on both.
pytestmark = [pytest.mark.database, pytest.mark.one_database, pytest.mark.slow]

DROPS = 0.3
# Bytes that left the phones for each byte of a photo.
MOST_SENT = 1.5
PHONES = Path(__file__).with_name("phones.mjs")
MANY = {"REPORTS_PER_HOUR": "100000", "REPORTS_PER_DAY": "100000"}


def photograph(rng: random.Random) -> bytes:
    """Make a photo of about 300 kB that nobody has taken before."""
    picture = scene((1600, 1200))
    noise = Image.frombytes("RGB", (400, 300), rng.randbytes(400 * 300 * 3))
    picture.paste(noise, (rng.randrange(1200), rng.randrange(900)))
    return encoded(picture, "JPEG", quality=82)


def reports(rng: random.Random, count: int, most_photos: int, folder: Path) -> list[dict[str, Any]]:
    """Lay down what a phone holds."""
    made = []
    for number in range(count):
        photos = []
        for _ in range(rng.randint(1, most_photos)):
            key = str(uuid.UUID(int=rng.getrandbits(128), version=4))
            file = folder / f"{key}.jpg"
            file.write_bytes(photograph(rng))
            photos.append({"key": key, "file": str(file)})
        key = str(uuid.UUID(int=rng.getrandbits(128), version=4))
        fields = {"category": "RD02", "lat": "42.5466", "lng": "124.0382", "datum": "wgs84"}
        made.append({"id": key, "fields": fields | {"description": f"{number}"}, "photos": photos})
    return made


def test_of_what_a_bad_line_loses_nothing_is_lost_or_doubled(
    server: Any, tmp_path: Path, length: Length
) -> None:
    node = front.node_here()
    if node is None:
        pytest.skip("no Node on this machine: ./test installs one")
    rng = random.Random(11)
    riders, each, most_photos = length(2, 100), length(4, 5), length(2, 6)
    settings = test_settings(server.fresh(tmp_path), tmp_path)
    app = create_app(settings)
    photos, phones, held = tmp_path / "taken", [], []
    photos.mkdir()
    with app.app_context():
        make = Make(app)
        for _ in range(riders):
            rider = make.rider()
            mine = reports(rng, each, most_photos, photos)
            held += mine
            cookie = make.signed_in(rider).get_cookie(app.config["SESSION_COOKIE_NAME"])
            assert cookie is not None
            phones.append(
                {
                    "member": str(rider.member_id),
                    "cookie": f"{cookie.key}={cookie.value}",
                    "reports": mine,
                }
            )
        db.session.remove()
        db.engine.dispose()
    limits = {f"GRID_REPORT_LIMITS__{name}": value for name, value in MANY.items()}
    with (
        site(settings, tmp_path / "log", GRID_REPORT_SERVER__WORKERS="1", **limits) as running,
        LossyLine(running.port, drops=DROPS, delay_s=length(0, 2), seed=7) as line,
    ):
        asked = {
            "address": f"http://127.0.0.1:{line.port}",
            "most_attempts": 4000,
            "phones": phones,
        }
        done = subprocess.run(
            [str(node), "--no-warnings", str(PHONES)],
            input=json.dumps(asked),
            capture_output=True,
            text=True,
            timeout=length(120, 3600),
            check=False,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        said = json.loads(done.stdout)
    assert {item["state"] for item in said} == {"sent"}, said
    assert line.cut > line.passed * DROPS * 0.6
    with app.app_context():
        numbers = dict(db.session.execute(select(Report.number, Report.id)).all())
        photos_of = select(ReportPhoto.report_id, func.count()).group_by(ReportPhoto.report_id)
        kept = dict(db.session.execute(photos_of).all())
        db.session.remove()
        db.engine.dispose()
    sent = {item["id"]: item["number"] for item in said}
    assert sorted(sent.values()) == sorted(numbers)
    taken = {report["id"]: report["photos"] for report in held}
    assert {key: kept[numbers[number]] for key, number in sent.items()} == {
        key: len(photos) for key, photos in taken.items()
    }
    weight = sum(file.stat().st_size for file in photos.iterdir())
    print(
        f"{len(said)} reports, {weight} bytes of photos, {line.sent_bytes / weight:.2f} times sent,"
        f" {line.cut} of {line.passed} requests cut"
    )
    assert line.sent_bytes <= MOST_SENT * weight
