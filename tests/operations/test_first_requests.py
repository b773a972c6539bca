"""The first requests after a start come all at once: each gets its page."""

from __future__ import annotations

from pathlib import Path

import pytest

from grid_report.settings import Settings
from tests.support.site import page, site

pytestmark = pytest.mark.slow

AT_ONCE = 8


def test_eight_pages_at_once_are_answered_right_after_the_start_in_both_languages(
    settings: Settings, tmp_path: Path
) -> None:
    # One worker, so that all eight meet in one process that has made nothing yet.
    with site(settings, tmp_path / "log", GRID_REPORT_SERVER__WORKERS="1") as running:
        for language, word in (("zh-CN", "登录"), ("en", "Sign in")):
            answers = running.at_once([page("/sign-in", language)] * AT_ONCE)
            assert [answer.status for answer in answers] == [200] * AT_ONCE
            assert all(word in answer.text for answer in answers)
        assert "Traceback" not in running.said()
