"""The phone's sums are the server's: the script of the voucher, run by Node."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from datetime import UTC, datetime

import pytest

from grid_report.offers.redemptions import vouchers
from tests.support.source import ROOT

NODE = shutil.which("node")
SCRIPT = """
import { codeDigits, codeText, digitsUntil } from "./grid_report/static/js/lib/voucher-code.mjs";
const cases = JSON.parse(process.argv[1]);
console.log(JSON.stringify(cases.map(({ ref, secret, at }) =>
  [codeText(ref, secret, at), codeDigits(ref, secret, at), digitsUntil(at)])));
"""


@pytest.mark.skipif(NODE is None, reason="no Node on the path")
def test_the_phone_shows_what_the_server_expects() -> None:
    dice = random.Random(7)
    cases = [
        {
            "ref": vouchers.new_ref(),
            "secret": vouchers.new_secret(),
            "at": dice.randrange(1_700_000_000, 4_000_000_000) + dice.choice((0, 0.5)),
        }
        for _ in range(200)
    ]
    assert NODE is not None
    done = subprocess.run(
        [NODE, "--input-type=module", "-e", SCRIPT, json.dumps(cases)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for case, (text, digits, until) in zip(cases, json.loads(done.stdout), strict=True):
        at = datetime.fromtimestamp(float(str(case["at"])), UTC)
        ref, secret = str(case["ref"]), str(case["secret"])
        assert text == vouchers.text_for(ref, secret, vouchers.step_at(at))
        assert digits == vouchers.digits_at(ref, secret, at)
        assert until == vouchers.digits_until(at)
