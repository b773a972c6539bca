"""One contract, two stores."""

from __future__ import annotations

import builtins
import os
import subprocess
import sys
import textwrap
import threading
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from grid_report import clock
from grid_report.errors import NotFound
from grid_report.media.decoding.pool import Pool
from grid_report.media.errors import PhotoStoreUnavailable
from grid_report.media.store import local
from grid_report.media.store.local import LocalStore
from grid_report.media.store.s3 import S3Store
from grid_report.media.store.stores import Pair, Size, Store, StoreError, open_store
from grid_report.settings import Photos
from tests.media.conftest import files_under

ROOT = Path(__file__).resolve().parents[2]
ONE, TWO, THREE = ("1a" * 32, "1b" * 32, "f0" * 32)
LATER = timedelta(hours=1)


@pytest.fixture(scope="module")
def s3_endpoint() -> Iterator[str]:
    """Run an S3 server in this process."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    _host, port = server.get_host_and_port()
    yield f"http://127.0.0.1:{port}"
    server.stop()


@pytest.fixture
def s3_url(s3_endpoint: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """Return the URL of an empty bucket."""
    import boto3

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    bucket = f"photos-{uuid.uuid4().hex}"
    client = boto3.client("s3", endpoint_url=s3_endpoint, region_name="us-east-1")
    client.create_bucket(Bucket=bucket)
    client.close()
    return f"s3://{bucket}/some/prefix?endpoint={s3_endpoint}&region=us-east-1"


@pytest.fixture(params=["local", "s3"])
def any_store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "local":
        return open_store((tmp_path / "with a space").as_uri())
    return open_store(request.getfixturevalue("s3_url"))


def pair(store: Store, name: str, content: bytes = b"picture") -> Pair:
    """Make two temporary files as a decoder does."""
    made = Pair(name, *(store.staging() / uuid.uuid4().hex for _ in range(2)))
    made.main.write_bytes(b"main " + content)
    made.thumb.write_bytes(b"thumb " + content)
    return made


def read(store: Store, name: str, size: Size) -> bytes:
    with store.open(name, size) as file:
        return file.read()


def names_before(store: Store, instant: datetime) -> set[tuple[str, Size]]:
    return {(stored.name, stored.size) for stored in store.list_before(instant)}


def soon() -> datetime:
    return clock.now() + LATER


def test_what_was_put_is_there(any_store: Store) -> None:
    given = [pair(any_store, ONE), pair(any_store, TWO, b"another")]
    any_store.put(given)
    assert read(any_store, ONE, Size.MAIN) == b"main picture"
    assert read(any_store, ONE, Size.THUMB) == b"thumb picture"
    assert read(any_store, TWO, Size.MAIN) == b"main another"
    assert any_store.exists(ONE)
    assert not any(path.exists() for each in given for path in (each.main, each.thumb))


def test_putting_nothing_and_putting_twice_are_fine(any_store: Store) -> None:
    any_store.put([])
    for _ in range(2):
        any_store.put([pair(any_store, ONE)])
    assert read(any_store, ONE, Size.MAIN) == b"main picture"


def test_what_was_not_put_is_not_found(any_store: Store) -> None:
    assert not any_store.exists(ONE)
    assert not any_store.delete(ONE)
    for size in Size:
        with pytest.raises(NotFound):
            any_store.open(ONE, size)


def test_what_was_deleted_is_gone(any_store: Store) -> None:
    any_store.put([pair(any_store, ONE), pair(any_store, TWO)])
    assert any_store.delete(ONE)
    assert not any_store.exists(ONE)
    assert names_before(any_store, soon()) == {(TWO, Size.MAIN), (TWO, Size.THUMB)}


@pytest.mark.parametrize(
    "name",
    [
        "",
        "..",
        "../" + "a" * 61,
        "/etc/passwd",
        "A" * 64,
        "a" * 63,
        "a" * 65,
        "a" * 64 + "\n",
        "a" * 62 + "\x00a",
        "a" * 32 + "/" + "a" * 31,
        "１" * 64,
        "a" * 64 + "-main.jpg",
    ],
)
def test_no_other_name_reaches_the_store(any_store: Store, name: str) -> None:
    with pytest.raises(NotFound):
        any_store.open(name, Size.MAIN)
    with pytest.raises(NotFound):
        any_store.exists(name)
    with pytest.raises(NotFound):
        any_store.delete(name)
    with pytest.raises(NotFound):
        any_store.put([pair(any_store, name)])


def test_the_list_knows_age_and_size(any_store: Store) -> None:
    any_store.put([pair(any_store, ONE), pair(any_store, THREE)])
    assert names_before(any_store, clock.now() - LATER) == set()
    listed = {(stored.name, stored.size): stored for stored in any_store.list_before(soon())}
    assert set(listed) == {(name, size) for name in (ONE, THREE) for size in Size}
    main = listed[ONE, Size.MAIN]
    assert main.byte_count == len(b"main picture")
    assert abs(main.modified_at - clock.now()) < LATER


def test_a_photo_renewed_meanwhile_is_not_deleted(any_store: Store) -> None:
    any_store.put([pair(any_store, ONE)])
    assert not any_store.delete(ONE, if_before=clock.now() - LATER)
    assert read(any_store, ONE, Size.MAIN) == b"main picture"
    assert read(any_store, ONE, Size.THUMB) == b"thumb picture"
    assert any_store.delete(ONE, if_before=soon())
    assert not any_store.exists(ONE)


def test_check_passes_where_photos_can_be_stored_and_leaves_nothing(any_store: Store) -> None:
    any_store.check()
    assert names_before(any_store, soon()) == set()
    assert not any(any_store.staging().iterdir())


def test_many_at_once(any_store: Store) -> None:
    names = [f"{at:064x}" for at in range(24)]
    any_store.put([pair(any_store, name, name.encode()) for name in names])
    assert all(read(any_store, name, Size.THUMB) == b"thumb " + name.encode() for name in names)


def test_photos_admitted_to_s3_can_be_read(s3_url: str, pool: Pool, limits: Photos) -> None:
    import io

    from grid_report.media.uploads.photos import admit
    from tests.media.conftest import ZONE
    from tests.support import pictures

    store = open_store(s3_url)
    (photo,) = admit(
        [io.BytesIO(pictures.camera_jpeg((640, 480)))],
        store=store,
        pool=pool,
        limits=limits,
        zone=ZONE,
    )
    assert len(read(store, photo.name, Size.MAIN)) == photo.byte_count
    assert not any(store.staging().iterdir())


def test_s3_objects_say_what_they_are(s3_url: str, s3_endpoint: str) -> None:
    import boto3

    store = open_store(s3_url)
    store.put([pair(store, ONE)])
    client = boto3.client("s3", endpoint_url=s3_endpoint, region_name="us-east-1")
    bucket = s3_url.removeprefix("s3://").partition("/")[0]
    key = f"some/prefix/{ONE[:2]}/{ONE}-main.jpg"
    assert client.head_object(Bucket=bucket, Key=key)["ContentType"] == "image/jpeg"
    client.close()


def test_a_store_that_does_not_answer_is_unavailable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    store = open_store("s3://nowhere/?endpoint=http://127.0.0.1:9&region=us-east-1")
    with pytest.raises(PhotoStoreUnavailable):
        store.check()
    with pytest.raises(PhotoStoreUnavailable):
        store.exists(ONE)
    with pytest.raises(PhotoStoreUnavailable):
        store.put([pair(store, ONE)])


@pytest.mark.parametrize(
    ("used_before", "said"),
    [("", "stored"), ("store.check()", "refused: start the workers first")],
    ids=["opened before", "used before"],
)
def test_a_forked_process_uses_s3_or_is_told_why_not_and_never_hangs(
    s3_url: str, used_before: str, said: str
) -> None:
    script = textwrap.dedent(
        f"""
        import os, signal
        from grid_report.media.store.stores import StoreError, open_store
        store = open_store({s3_url!r})
        {used_before}
        if not os.fork():
            signal.alarm(20)
            try:
                store.check()
                print('stored', flush=True)
            except StoreError as error:
                print('refused:', error, flush=True)
            os._exit(0)
        raise SystemExit(os.waitstatus_to_exitcode(os.wait()[1]))
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        check=True,
        timeout=60,
        capture_output=True,
        text=True,
    )
    assert all(word in done.stdout for word in said.split(": "))


def test_s3_without_the_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **more: Any) -> Any:
        if name.partition(".")[0] == "obstore":
            raise ImportError(name)
        return real(name, *args, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(StoreError, match="extra 's3'"):
        open_store("s3://bucket")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "photos",
        "/var/photos",
        "http://host/x",
        "file://",
        "file://elsewhere/x",
        "s3:///x",
        "s3://bucket/x?endpont=http://h",
    ],
)
def test_a_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(StoreError):
        open_store(url)


def test_opening_a_store_touches_nothing(tmp_path: Path) -> None:
    store = open_store((tmp_path / "photos").as_uri())
    assert isinstance(store, LocalStore)
    assert isinstance(open_store("s3://bucket/x?endpoint=http://127.0.0.1:9"), S3Store)
    assert list(tmp_path.iterdir()) == []


def test_folders_are_synced_after_the_renames(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    rename, sync = Path.rename, local._sync

    def renamed(path: Path, to: Path) -> Path:
        done.append(to.name)
        return rename(path, to)

    def synced(folder: Path) -> None:
        done.append(folder.name)
        sync(folder)

    monkeypatch.setattr(Path, "rename", renamed)
    monkeypatch.setattr(local, "_sync", synced)
    store.put([pair(store, ONE)])
    assert done[:2] == [f"{ONE}-thumb.jpg", f"{ONE}-main.jpg"]
    assert set(done[2:]) == {"photos", ONE[:2]}
    done.clear()
    store.put([pair(store, ONE), pair(store, ONE)])
    assert done[4:] == [ONE[:2]]


def test_a_disk_that_fails_is_unavailable_not_a_crash(store: LocalStore, tmp_path: Path) -> None:
    (tmp_path / "photos").write_text("a file where the folder should be")
    for refused in (store.check, store.staging):
        with pytest.raises(PhotoStoreUnavailable):
            refused()


def test_deleting_and_storing_the_same_photo_at_once_never_loses_it(store: LocalStore) -> None:
    """The sweep takes an old file away just while the same photo is sent again."""
    store.put([pair(store, ONE)])
    old = clock.by_machine(clock.now() - LATER)
    for size in Size:
        path = store.root / ONE[:2] / f"{ONE}-{size}.jpg"
        os.utime(path, (old.timestamp(), old.timestamp()))
    before = clock.now() - timedelta(minutes=30)
    stop = threading.Event()

    def sweep() -> None:
        while not stop.is_set():
            store.delete(ONE, if_before=before)

    threads = [threading.Thread(target=sweep) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for at in range(100):
            store.put([pair(store, ONE, str(at).encode())])
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert read(store, ONE, Size.MAIN) == b"main 99"
    assert read(store, ONE, Size.THUMB) == b"thumb 99"
    assert {path.name for path in files_under(store.root)} == {
        f"{ONE}-main.jpg",
        f"{ONE}-thumb.jpg",
    }
