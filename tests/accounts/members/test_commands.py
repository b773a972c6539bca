"""The operator's commands: the first administrator has nobody to be created by."""

from __future__ import annotations

import pytest
from flask import Flask

from grid_report.access.roles import Role
from grid_report.accounts import queries
from grid_report.accounts.members.cli import accounts_cli
from tests.support.builders import Make

pytestmark = pytest.mark.database

ADMIN = ["create", "--phone", "13999990001", "--name", "管理员", "--role", "administrator"]


def test_the_operator_makes_the_first_administrator(app: Flask, make: Make) -> None:
    typed = "rain at the station\nrain at the station\n"
    done = app.test_cli_runner().invoke(accounts_cli, ADMIN, input=typed)
    assert done.exit_code == 0, done.output
    assert "rain at the station" not in done.output
    assert len(queries.list_member_ids_with(Role.ADMINISTRATOR, "211282")) == 1


def test_what_is_wrong_is_said_by_field(app: Flask, make: Make) -> None:
    order = ["create", "--phone", "1", "--name", " ", "--role", "worker", "--no-password"]
    refused = app.test_cli_runner().invoke(accounts_cli, order)
    assert refused.exit_code == 1
    for field in ("phone:", "name:", "place:"):
        assert field in refused.output


def test_the_list_masks_numbers_and_leaves_names_out(app: Flask, make: Make) -> None:
    make.rider(phone="13999990002", name="小李")
    make.worker()
    listed = app.test_cli_runner().invoke(accounts_cli, ["list", "--role", "rider"])
    assert listed.exit_code == 0
    assert "139****0002" in listed.output
    assert "13999990002" not in listed.output
    assert "小李" not in listed.output
    assert len(listed.output.splitlines()) == 1
