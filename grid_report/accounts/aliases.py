"""What staff call a rider whose name is not theirs to know: `A37`."""

from __future__ import annotations

from typing import Final

# Without I, O and Q, which are misread over the phone.
LETTERS: Final = "ABCDEFGHJKLMNPRSTUVWXYZ"


def rider_alias(member_id: int) -> str:
    """Return a rider's alias: always the same, never shared by two members.

    A fixed shuffle of the id, so that it says neither who came first nor who signed up together.
    It is no secret: ids are shown to nobody but their own member, so there is nothing to turn
    an alias back into.
    """
    if member_id < 1:
        raise ValueError("members are numbered from 1")
    offset, digits = member_id - 1, 2
    while offset >= (size := len(LETTERS) * 10**digits):
        offset -= size
        digits += 2
    # The multiplier shares no factor with the size, so the shuffle is one to one.
    shuffled = (offset * _multiplier(size) + size // 3) % size
    letter, number = divmod(shuffled, 10**digits)
    return f"{LETTERS[letter]}{number:0{digits}d}"


def _multiplier(size: int) -> int:
    # Near the golden section of the range: neighbours land far apart.
    multiplier = int(size * 0.618) | 1
    while multiplier % 5 == 0 or multiplier % len(LETTERS) == 0:
        multiplier += 2
    return multiplier


def member_of_alias(alias: str) -> int | None:
    """Return the member an alias stands for, whether or not there is one; None for no alias.

    For those who read everybody's acts and know nobody's name.
    """
    letter, digits = alias[:1].upper(), alias[1:]
    if letter not in LETTERS or not digits.isascii() or not digits.isdecimal():
        return None
    if len(digits) % 2 or len(digits) > 8:
        return None
    size = len(LETTERS) * 10 ** len(digits)
    shuffled = LETTERS.index(letter) * 10 ** len(digits) + int(digits)
    inverse: int = pow(_multiplier(size), -1, size)
    offset = (shuffled - size // 3) * inverse % size
    below: int = sum(len(LETTERS) * 10**fewer for fewer in range(2, len(digits), 2))
    return int(offset + below + 1)
