"""A browser's own words about itself, shortened to what its owner would recognise."""

from __future__ import annotations

from typing import Final

# The first that is found names the program: chat apps and phone makers wrap other browsers.
_PROGRAMS: Final = (
    ("MicroMessenger", "WeChat"),
    ("AlipayClient", "Alipay"),
    ("DingTalk", "DingTalk"),
    ("QQ/", "QQ"),
    ("HuaweiBrowser", "Huawei Browser"),
    ("MiuiBrowser", "Mi Browser"),
    ("VivoBrowser", "Vivo Browser"),
    ("HeyTapBrowser", "HeyTap Browser"),
    ("SamsungBrowser", "Samsung Internet"),
    ("UCBrowser", "UC"),
    ("MQQBrowser", "QQ Browser"),
    ("Edg", "Edge"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS: Final = (
    ("HarmonyOS", "HarmonyOS"),
    ("OpenHarmony", "HarmonyOS"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("Linux", "Linux"),
)


def describe(user_agent: str) -> str:
    """Return `Android · WeChat`; '' when nothing in it is known. Only names from our own list."""
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    program = next((name for mark, name in _PROGRAMS if mark in user_agent), "")
    return " · ".join(part for part in (system, program) if part)
