"""A picture may kill, hang or starve its decoder; it never harms the server or another picture."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from grid_report.media.decoding import pool as pool_module
from grid_report.media.decoding.messages import Job
from grid_report.media.decoding.pool import Pool
from grid_report.media.errors import (
    HeicNotReadable,
    PhotoStoreUnavailable,
    PictureBroken,
    PicturesBusy,
    PictureTooManyPixels,
)
from grid_report.media.store.local import LocalStore
from grid_report.media.uploads.photos import admit
from grid_report.settings import Photos
from tests.media.conftest import ZONE, Send, files_under
from tests.media.faulty import FAULTY, gone, soon
from tests.support import pictures

ROOT = Path(__file__).resolve().parents[2]


def good() -> bytes:
    return pictures.encoded(pictures.scene((320, 240)), "JPEG")


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["SEGFAULT", "ABORT", "EXIT"])
def test_a_picture_that_crashes_its_decoder_twice_is_broken(
    send: Send, store: LocalStore, fault: str
) -> None:
    with pytest.raises(PictureBroken):
        send(fault.encode())
    assert files_under(store.root) == []
    assert send(good()) == 1


@pytest.mark.slow
def test_a_picture_that_uses_up_its_decoder_is_broken_at_once(
    tight: Photos, store: LocalStore
) -> None:
    # On a busy machine the clock on the wall may come first, and says nothing about the picture.
    patient = tight.model_copy(update={"wall_seconds": 60})
    pool = Pool(patient, boot=FAULTY)
    try:
        with pytest.raises(PictureBroken):
            admit([io.BytesIO(b"SPIN")], store=store, pool=pool, limits=patient, zone=ZONE)
    finally:
        pool.close()
    assert files_under(store.root) == []


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["KILL", "HANG", "HANG-IN-C", "KILL-CRASH"])
def test_decoders_killed_from_outside_twice_say_nothing_about_the_picture(
    send: Send, store: LocalStore, fault: str
) -> None:
    """Out of memory, too much to do: 503 with Retry-After, and a queue sends it again."""
    with pytest.raises(PicturesBusy) as refused:
        send(fault.encode())
    assert refused.value.retry_after_s > 0
    assert files_under(store.root) == []
    assert send(good()) == 1


@pytest.mark.parametrize("fault", ["ONE-KILL", "ONE-CRASH", "ONE-HALF"])
def test_a_picture_whose_decoder_died_once_gets_a_fresh_one_and_is_taken(
    send: Send, faulty: Pool, fault: str
) -> None:
    assert send(good()) == 1
    (before,) = faulty.pids()
    assert send(fault.encode()) == 1
    assert faulty.pids() != [before]


@pytest.mark.slow
def test_a_picture_whose_decoder_was_held_up_once_is_taken(send: Send) -> None:
    assert send(b"ONE-HANG") == 1


def test_a_picture_in_hand_when_the_pool_closes_is_busy_not_broken(
    send: Send, faulty: Pool
) -> None:
    assert send(good()) == 1
    with ThreadPoolExecutor(1) as threads:
        slow = threads.submit(send, b"SLOW")
        time.sleep(0.2)
        faulty.close()
        with pytest.raises(PicturesBusy):
            slow.result()
    assert faulty.pids() == []


def test_a_decoder_that_wants_too_much_memory_is_stopped_and_replaced(
    faulty: Pool, store: LocalStore, send: Send
) -> None:
    with pytest.raises(PictureTooManyPixels):
        send(b"MEMORY")
    assert files_under(store.root) == []
    assert send(good(), good()) == 2


def test_heic_without_the_extra_is_a_kind_this_server_cannot_read(
    tight: Photos, store: LocalStore
) -> None:
    pool = Pool(tight, boot="import sys; sys.modules['pillow_heif'] = None; " + pool_module._BOOT)
    heic = pictures.encoded(pictures.scene((64, 48)), "HEIF")
    try:
        with pytest.raises(HeicNotReadable):
            admit([io.BytesIO(heic)], store=store, pool=pool, limits=tight, zone=ZONE)
        assert admit([io.BytesIO(good())], store=store, pool=pool, limits=tight, zone=ZONE)
    finally:
        pool.close()


def test_a_full_disk_is_not_the_pictures_fault(send: Send, store: LocalStore) -> None:
    with pytest.raises(PhotoStoreUnavailable):
        send(b"DISK")
    assert files_under(store.root) == []


def test_a_decoder_that_prints_does_not_garble_the_answer(send: Send) -> None:
    assert send(b"PRINT") == 1


def test_an_answer_that_is_none_is_a_dead_decoder(send: Send) -> None:
    with pytest.raises(PictureBroken):
        send(b"GARBAGE")
    assert send(good()) == 1


def test_other_photos_in_flight_are_unharmed(
    faulty: Pool, store: LocalStore, tight: Photos, send: Send
) -> None:
    def one(data: bytes) -> str:
        try:
            return str(send(data))
        except PictureBroken:
            return "broken"
        except PicturesBusy:
            return "busy"

    with ThreadPoolExecutor(8) as threads:
        said = list(threads.map(one, [b"SLOW", b"KILL", good(), b"SEGFAULT"] * 3))
    assert said == ["1", "busy", "1", "broken"] * 3


def test_many_killers_in_a_row_leave_the_pool_working(send: Send, faulty: Pool) -> None:
    for _ in range(4):
        with pytest.raises(PicturesBusy):
            send(b"KILL")
    assert faulty.pids() == []
    assert send(good()) == 1
    assert len(faulty.pids()) == 1


def test_a_killed_idle_decoder_is_replaced_and_no_photo_suffers(send: Send, faulty: Pool) -> None:
    assert send(good(), good(), good()) == 3
    for pid in faulty.pids():
        os.kill(pid, signal.SIGKILL)
        assert soon(partial(gone, pid))
    assert send(good()) == 1


def test_limits_are_armed_anew_for_every_job(send: Send, faulty: Pool) -> None:
    # Each takes a part of the CPU allowance; together they take more than one may.
    big = pictures.encoded(pictures.scene((3000, 2000)), "PNG")
    for _ in range(8):
        assert send(big) == 1
    assert len(faulty.pids()) == 1


@pytest.mark.slow
def test_scans_that_never_end_are_stopped(limits: Photos, store: LocalStore, tight: Photos) -> None:
    with_scans = pictures.progressive_scans((3800, 3800), 1500)
    assert len(with_scans) < limits.max_file_mb * 1024 * 1024
    tight = tight.model_copy(update={"wall_seconds": 60})
    pool = Pool(tight)
    try:
        with pytest.raises(PictureBroken):
            admit([io.BytesIO(with_scans)], store=store, pool=pool, limits=tight, zone=ZONE)
        assert admit([io.BytesIO(good())], store=store, pool=pool, limits=tight, zone=ZONE)
    finally:
        pool.close()


def test_a_decoder_is_replaced_after_its_share_of_jobs(limits: Photos, store: LocalStore) -> None:
    pool = Pool(limits.model_copy(update={"processes": 1}), recycle_after_jobs=2)
    try:
        seen = []
        for _ in range(4):
            admit([io.BytesIO(good())], store=store, pool=pool, limits=limits, zone=ZONE)
            seen.append(pool.pids())
    finally:
        pool.close()
    assert len(seen[0]) == 1
    assert seen[1] == seen[3] == []
    assert seen[0] != seen[2]


def test_no_more_children_than_places(limits: Photos, store: LocalStore) -> None:
    pool = Pool(limits.model_copy(update={"processes": 1}))
    most = 0
    try:

        def one(_: int) -> None:
            nonlocal most
            admit([io.BytesIO(good())], store=store, pool=pool, limits=limits, zone=ZONE)
            most = max(most, len(pool.pids()))

        with ThreadPoolExecutor(6) as threads:
            list(threads.map(one, range(12)))
    finally:
        pool.close()
    assert most == 1


@pytest.mark.slow
def test_when_all_places_stay_taken_the_answer_is_busy(tight: Photos, tmp_path: Path) -> None:
    pool = Pool(tight.model_copy(update={"processes": 1}), boot=FAULTY, wait_seconds=0.2)
    source = tmp_path / "sent"
    source.write_bytes(b"HANG")
    job = Job(str(source), str(tmp_path / "main"), str(tmp_path / "thumb"))
    try:
        with ThreadPoolExecutor(1) as threads:
            first = threads.submit(pool.clean, job)
            assert soon((tmp_path / "main.hangs").exists)
            with pytest.raises(PicturesBusy):
                pool.clean(job)
            with pytest.raises(PicturesBusy):  # hung twice: nobody knows why
                first.result()
    finally:
        pool.close()


def test_decoders_that_do_not_start_are_not_tried_again_at_once(
    tight: Photos, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = Job(str(tmp_path / "sent"), str(tmp_path / "main"), str(tmp_path / "thumb"))
    starts = tmp_path / "starts"
    pool = Pool(tight, boot=f"open({str(starts)!r}, 'a').write('x'); raise SystemExit(1)")
    for _ in range(5):
        with pytest.raises(PicturesBusy):
            pool.clean(job)
    assert starts.read_text() == "x"
    monkeypatch.setattr(pool_module, "PAUSE_SECONDS", 0)
    pool._pause_until = 0
    with pytest.raises(PicturesBusy):
        pool.clean(job)
    assert starts.read_text() == "xx"


def test_the_end_of_the_thread_that_started_a_decoder_does_not_end_it(
    send: Send, faulty: Pool
) -> None:
    thread = threading.Thread(target=send, args=(good(),))
    thread.start()
    thread.join()
    (pid,) = faulty.pids()
    time.sleep(0.1)
    assert not gone(pid)
    assert send(good()) == 1
    assert faulty.pids() == [pid]


def test_closing_ends_the_children_and_the_pool_can_be_used_again(send: Send, faulty: Pool) -> None:
    send(good(), good())
    pids = faulty.pids()
    faulty.close()
    assert all(gone(pid) for pid in pids)
    assert send(good()) == 1


def test_a_stop_signal_to_the_whole_group_does_not_spoil_the_photo_in_hand(
    faulty: Pool, send: Send
) -> None:
    send(good())
    (pid,) = faulty.pids()
    with ThreadPoolExecutor(1) as threads:
        slow = threads.submit(send, b"SLOW")
        time.sleep(0.2)
        os.kill(pid, signal.SIGTERM)
        os.kill(pid, signal.SIGINT)
        assert slow.result() == 1


def test_a_forked_worker_has_decoders_of_its_own(send: Send, faulty: Pool) -> None:
    assert send(good()) == 1
    (before,) = faulty.pids()
    forked = os.fork()
    if not forked:  # the other process: no assertion may leave it
        ok = False
        try:
            ok = faulty.pids() == [] and send(good()) == 1 and faulty.pids() != [before]
            faulty.close()
        finally:
            os._exit(0 if ok else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(forked, 0)[1]) == 0
    assert faulty.pids() == [before]
    assert send(good()) == 1


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["HANG", "HANG-IN-C", "SPIN", ""])
def test_kill_9_of_the_server_leaves_no_children(
    tmp_path: Path, fault: str, limits: Photos
) -> None:
    """Also of those deep in a decoder that never returns."""
    (tmp_path / "sent").write_bytes(fault.encode() or good())
    script = textwrap.dedent(
        f"""
        import sys, threading, time
        from grid_report.media.decoding.messages import Job
        from grid_report.media.decoding.pool import Pool
        from grid_report.settings import Photos
        from tests.media.faulty import FAULTY
        limits = Photos.model_validate_json({limits.model_dump_json()!r})
        limits = limits.model_copy(update=dict(cpu_seconds=600, wall_seconds=600))
        pool = Pool(limits, boot=FAULTY)
        folder = {str(tmp_path)!r}
        job = Job(folder + '/sent', folder + '/main', folder + '/thumb')
        threading.Thread(target=pool.clean, args=(job,), daemon=True).start()
        while not pool.pids(): time.sleep(0.01)
        time.sleep(0.7)
        print(*pool.pids(), flush=True)
        time.sleep(600)
        """
    )
    server = subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    pids = [int(pid) for pid in server.stdout.readline().split()]
    try:
        assert pids
        assert not any(gone(pid) for pid in pids)
        server.kill()
        server.wait()
        server.stdout.close()
        assert soon(lambda: all(gone(pid) for pid in pids))
    finally:
        server.kill()
        for pid in pids:
            if not gone(pid):
                os.kill(pid, signal.SIGKILL)


def test_a_web_process_never_imports_the_decoders() -> None:
    script = (
        "import sys, grid_report.media.uploads.photos, grid_report.media.upkeep.sweep, grid_report.media.decoding.pool;"
        "sys.exit(any(name.split('.')[0] in {'PIL', 'pillow_heif'} for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False).returncode == 0


def test_a_decoder_never_imports_the_web_framework(limits: Photos) -> None:
    script = pool_module._BOOT.replace("child.run()", "print(sorted(sys.modules))")
    said = subprocess.run(
        [sys.executable, "-I", "-c", script, str(ROOT / "grid_report"), "{}"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert "'PIL'" in said
    assert not any(f"'{name}'" in said for name in ("flask", "sqlalchemy", "pydantic"))


def test_a_decoder_sees_nothing_of_the_servers_environment(
    send: Send, faulty: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRID_REPORT_SECRET_KEY", "do-not-look")
    send(good())
    (pid,) = faulty.pids()
    environment = Path(f"/proc/{pid}/environ").read_bytes()
    assert b"do-not-look" not in environment
    assert environment.count(b"\0") <= 3
