"""Run a WeChat on this machine until it is interrupted, and say what to set."""

from __future__ import annotations

import threading

from grid_report.demo.wechat.pretended import APP_ID, SECRET, PretendedWechat
from grid_report.settings import CONFIG

PORT = 8790


def _say(line: str) -> None:
    print(line, flush=True)


def main() -> None:
    """Answer as WeChat does; each message it gets is a line."""
    wechat = PretendedWechat(PORT, _say)
    _say(
        f"GRID_REPORT_WECHAT__ENDPOINT={wechat.endpoint}\n"
        f"GRID_REPORT_WECHAT__AUTHORIZE_URL={wechat.endpoint}/connect/oauth2/authorize\n"
        f"GRID_REPORT_WECHAT__APP_ID={APP_ID}\n"
        f"GRID_REPORT_WECHAT__APP_SECRET={SECRET}\n"
        f"GRID_REPORT_NOTIFY__TEMPLATES={CONFIG / 'message_templates.example.csv'}\n"
        "GRID_REPORT_NOTIFY__CHANNELS=wechat\n"
        "GRID_REPORT_SERVER__PUBLIC_URL=http://127.0.0.1:8000\n"
        "(the browser has to say MicroMessenger in its name, as WeChat's does)"
    )
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        wechat.close()


if __name__ == "__main__":
    main()
