"""Forms sent the way a browser sends them."""

from __future__ import annotations

import re
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

PHONE = "13977770001"


def post_form(client: FlaskClient, path: str, /, page: str = "", **fields: Any) -> TestResponse:
    """Send a form the way a browser does: look at a page first, then send its hidden field."""
    html = client.get(page or path).get_data(as_text=True)
    token = re.search(r'name="csrf_token" value="([^"]+)"', html)
    assert token is not None, html[:500]
    return client.post(path, data={"csrf_token": token[1], **fields})
