"""Numbers are read the way people write them, and kept so that nobody else can read them."""

from __future__ import annotations

import pytest

from grid_report.accounts import phones
from grid_report.accounts.phones import SealBroken, Vault
from grid_report.errors import Invalid

VAULT = Vault("a secret of this test, long enough")


@pytest.mark.parametrize(
    "written",
    [
        "13900000001",
        " 139 0000 0001 ",
        "139-0000-0001",
        "+86 139 0000 0001",
        "+8613900000001",
        "008613900000001",
        "8613900000001",
        "１３９００００００01",
        "＋８６１３９００００００01",
        "\u202a+86 139\u00a00000\u20110001\u202c",
    ],
)
def test_a_number_is_read_the_way_people_write_it(written: str) -> None:
    assert phones.normalise(written) == "13900000001"


@pytest.mark.parametrize("nothing", ["", "   ", "\u200b"])
def test_a_missing_number_is_named(nothing: str) -> None:
    with pytest.raises(Invalid) as refused:
        phones.normalise(nothing)
    assert refused.value.problems["phone"][0].code == "phone-missing"


@pytest.mark.parametrize(
    "odd",
    [
        "1390000000",
        "139000000011",
        "12900000001",
        "+1 202 555 0100",
        "02412345678",
        "１３９a0000001",
        "١٣٩٠٠٠٠٠٠٠١",
        "139\x0000000001",
        "13900000001; DROP TABLE members",
        "9" * 5000,
    ],
)
def test_what_is_no_mobile_number_is_refused(odd: str) -> None:
    with pytest.raises(Invalid) as refused:
        phones.normalise(odd)
    assert refused.value.problems["phone"][0].code == "phone-unreadable"


def test_a_masked_number_hides_its_middle() -> None:
    assert phones.mask("13900000001") == "139****0001"


def test_a_sealed_number_opens_again_and_looks_different_each_time() -> None:
    one, other = VAULT.seal("13900000001"), VAULT.seal("13900000001")
    assert one.sealed != other.sealed
    assert one.lookup == other.lookup
    assert VAULT.open(one.sealed, one.lookup) == "13900000001"
    assert b"1390000" not in one.sealed


def test_a_sealed_number_moved_to_another_row_does_not_open() -> None:
    one, other = VAULT.seal("13900000001"), VAULT.seal("13900000002")
    with pytest.raises(SealBroken):
        VAULT.open(one.sealed, other.lookup)


@pytest.mark.parametrize("damage", [0, 5, 20, -1])
def test_a_changed_seal_does_not_open(damage: int) -> None:
    kept = VAULT.seal("13900000001")
    broken = bytearray(kept.sealed)
    broken[damage] ^= 1
    with pytest.raises(SealBroken):
        VAULT.open(bytes(broken), kept.lookup)


def test_another_secret_finds_and_opens_nothing() -> None:
    stranger, kept = Vault("another secret, long enough too"), VAULT.seal("13900000001")
    assert stranger.lookup("13900000001") != kept.lookup
    with pytest.raises(SealBroken):
        stranger.open(kept.sealed, kept.lookup)


def test_what_a_browser_keeps_for_us_comes_back_unless_it_was_changed() -> None:
    wrapped = VAULT.wrap("13900000001")
    assert "139" not in wrapped
    assert VAULT.unwrap(wrapped) == "13900000001"
    for forged in ("", "AAAA", "ä", wrapped[:-4], "B" + wrapped[1:]):
        assert VAULT.unwrap(forged) is None
