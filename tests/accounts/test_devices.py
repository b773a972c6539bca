"""A browser is called what its owner would call it, and nothing it says gets through as said."""

from __future__ import annotations

import pytest

from grid_report.accounts.devices.labels import describe


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (
            "Mozilla/5.0 (Linux; Android 13; V2183A) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Version/4.0 Chrome/116.0 Mobile Safari/537.36 MicroMessenger/8.0.47",
            "Android · WeChat",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 "
            "(KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1",
            "iPhone · Safari",
        ),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/120 Safari/537.36 Edg/120.0", "Windows · Edge"),
        ("", ""),
        ("<script>alert(1)</script>", ""),
    ],
)
def test_a_browser_is_described_in_our_own_words(said: str, shown: str) -> None:
    assert describe(said) == shown
