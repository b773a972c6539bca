"""What is offered to whom: only kinds with a registered text, only to those who read them."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from grid_report.access.roles import Role
from grid_report.notify.choices.offered import Offered, is_offered, offers, reads_as
from tests.notify.channels.sending import Pigeon


class Few(Pigeon):
    """A channel with words for some kinds only."""

    def __init__(self, name: str, *kinds: str) -> None:
        super().__init__(name)
        self.kinds = kinds

    def tells_of(self, kind: str) -> bool:
        return kind in self.kinds


CHANNELS = [Few("one", "report_urged", "report_closed"), Few("two", "report_closed")]


@pytest.mark.parametrize(
    ("roles", "offered"),
    [
        # Staff are told until they stop it, riders once they ask.
        ({Role.WORKER}, [Offered("report_urged", {"one": True})]),
        ({Role.RIDER}, [Offered("report_closed", {"one": False, "two": False})]),
        (
            {Role.RIDER, Role.HANDLER},
            [
                Offered("report_closed", {"one": False, "two": False}),
                Offered("report_urged", {"one": True}),
            ],
        ),
        ({Role.ADMINISTRATOR, Role.AUDITOR, Role.SUPERVISOR, Role.STATION_STAFF}, []),
        (set(), []),
    ],
)
def test_kinds_are_offered_to_those_who_read_them_where_there_are_words(
    roles: Collection[Role], offered: list[Offered]
) -> None:
    assert offers(roles, CHANNELS, {}) == offered


def test_what_was_said_counts_by_kind_and_channel() -> None:
    said = {("report_closed", "two"): True, ("report_urged", "one"): False}
    assert offers({Role.RIDER, Role.WORKER}, CHANNELS, said) == [
        Offered("report_closed", {"one": False, "two": True}),
        Offered("report_urged", {"one": False}),
    ]


@pytest.mark.parametrize(
    ("kind", "channel", "is_so"),
    [
        ("report_closed", "two", True),
        ("report_closed", "three", False),
        ("report_urged", "one", False),
        ("report_back", "one", False),
        ("no_such", "one", False),
    ],
)
def test_what_is_not_offered_cannot_be_chosen(kind: str, channel: str, is_so: bool) -> None:
    assert is_offered(kind, channel, {Role.RIDER}, CHANNELS) is is_so


def test_somebody_with_two_roles_is_told_at_work() -> None:
    assert reads_as("report_urged", {Role.RIDER, Role.WORKER}) is Role.WORKER
    assert reads_as("report_closed", {Role.RIDER, Role.WORKER}) is Role.RIDER
