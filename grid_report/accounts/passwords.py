"""Passwords: which are good enough, and their argon2id hashes."""

from __future__ import annotations

import ctypes
import itertools
import os
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Final

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from grid_report.errors import FieldProblem

SHORTEST: Final = 8
LONGEST: Final = 128

# The ones tried first against Chinese sites, eight characters and longer, in lower case.
COMMON: Final = frozenset(
    """
    12345678 123456789 1234567890 0123456789 87654321 987654321 0987654321 123123123 12341234
    12344321 123454321 123321123 147258369 147852369 159357456 11223344 1122334455 112233445566
    123456abc abc123456 a123456789 123456789a qwe123456 123456qwe qq123456 aa123456 123456aa
    a1234567 a12345678 1234567a 12345678a abcd1234 1234abcd abc12345 asd123456 zxc123456
    qwertyui qwertyuiop qwer1234 1234qwer 1q2w3e4r 1q2w3e4r5t 1qaz2wsx 1qazxsw2 q1w2e3r4 zaq12wsx
    qazwsxedc asdfghjk asdfghjkl zxcvbnm123 asdf1234 password password1 password123 passw0rd
    p@ssw0rd p@ssword iloveyou woaini1314 woaini520 woaini123 5201314520 52013145 13145200 woaiwojia
    woaini521 5211314521 xiaoming li123456 wang123456 zhang123456 liu123456 chen123456 admin123
    administrator admin888 root1234 test1234 letmein1 welcome1 sunshine princess football baseball
    superman 88888888a 66666666a 19491001 20082008 19881988 19900101 20202020 meituan123 eleme123
    kuaidi123 waimai123 dragon123 monkey123 changeme qwerty123 abcdefgh abcdefg1 a1b2c3d4 aaa111111
    """.split()  # noqa: SIM905 - a list of a hundred words reads better as words
)


def clean(password: str) -> str:
    """Fold full-width and composed characters, so that two keyboards type the same password."""
    return unicodedata.normalize("NFKC", password)


def problem_with(password: str, phone: str | None = None) -> FieldProblem | None:
    """Say why a password is not good enough; None when it is."""
    cleaned = clean(password)
    if len(cleaned) < SHORTEST:
        return FieldProblem("password-too-short", {"least": SHORTEST})
    if len(cleaned) > LONGEST:
        return FieldProblem("password-too-long", {"most": LONGEST})
    bare = cleaned.lower().strip()
    if phone and phone in bare and len(bare) <= len(phone) + 3:
        return FieldProblem("password-is-phone")
    if bare in COMMON or len(set(bare)) <= 2 or _runs(bare):
        return FieldProblem("password-common")
    return None


def _runs(text: str) -> bool:
    steps = {ord(b) - ord(a) for a, b in itertools.pairwise(text)}
    return len(steps) == 1 and steps <= {1, -1}


# A hash takes 19 MiB and a core: more at once than there are cores would be no quicker. They have
# threads of their own because a thread's heap keeps what it once took: with a bound alone, each
# of the threads that answer requests would in time hold its 19 MiB.
AT_ONCE: Final = max(1, len(os.sched_getaffinity(0)))
# Blocks from here on are glibc's to give back to the system when they are freed. By itself it
# raises this bound to the size of the first such block, and keeps all that come after it.
GIVEN_BACK: Final = 8 * 1024 * 1024
_M_MMAP_THRESHOLD: Final = -3


def _give_blocks_back() -> None:
    with suppress(AttributeError, OSError):  # another C library has no such switch, nor the habit
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, GIVEN_BACK)


def _new_threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(AT_ONCE, "passwords", initializer=_give_blocks_back)


def _begin_anew() -> None:
    global _threads  # noqa: PLW0603 - a forked process has none of its parent's threads
    _threads = _new_threads()


_threads = _new_threads()
os.register_at_fork(after_in_child=_begin_anew)


class Hasher:
    """argon2id; the cost is OWASP's for small servers. As many at once as cores, the rest wait."""

    def __init__(
        self, *, time_cost: int = 2, memory_kib: int = 19 * 1024, parallelism: int = 1
    ) -> None:
        self._argon = PasswordHasher(
            time_cost=time_cost, memory_cost=memory_kib, parallelism=parallelism, type=Type.ID
        )

    def hash(self, password: str) -> str:
        """Return a salted hash that names its own cost."""
        return _threads.submit(self._argon.hash, clean(password)).result()

    def verify(self, kept: str | None, password: str) -> bool:
        """Tell whether a password is the kept one; as slow for members who do not exist."""
        if len(password) > LONGEST:
            password = password[: LONGEST + 1]
        cleaned = clean(password)
        if kept is None:
            self.hash(cleaned)
            return False
        try:
            return _threads.submit(self._argon.verify, kept, cleaned).result()
        except (VerificationError, InvalidHashError):
            return False

    def is_outdated(self, kept: str) -> bool:
        """Tell whether a hash was made at another cost than today's."""
        return self._argon.check_needs_rehash(kept)
