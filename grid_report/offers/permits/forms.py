"""From a request's values to the commands about cards, or to everything that is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from grid_report.errors import Invalid
from grid_report.offers.permits.commands import Apply, SetOwnerPrice, TakeApplicationStep
from grid_report.offers.permits.lifecycle import ApplicationStep
from grid_report.offers.permits.rules import MOST_FEN, PermitKind
from grid_report.plain_characters import plain
from grid_report.web.text import clean, read_code, read_int, read_key, read_text

WORDS_MOST: Final = 500
BIGGEST: Final = 10**9
YUAN: Final = re.compile(r"(\d{1,4})(?:[.](\d{1,2}))?")


def read_application(values: Mapping[str, Any], offer_id: int) -> Apply:
    """Read what a rider asks for. Raises Invalid naming every field at fault."""
    problems = Invalid()
    command = Apply(
        key=read_key(values.get("key"), "key", problems),
        offer_id=offer_id,
        compound_code=read_code(values, "compound", most=20, problems=problems, needed=True),
        nickname=read_text(values, "nickname", most=20, problems=problems, needed=True),
        purpose=read_text(values, "purpose", most=WORDS_MOST, problems=problems),
        plate=read_code(values, "plate", most=16, problems=problems).upper(),
        renews=read_code(values, "renews", most=20, problems=problems),
    )
    if values.get("bound") != "1":
        problems.add("bound", "holder-bound-needed")
    problems.raise_if_any()
    return command


def read_permit_step(values: Mapping[str, Any], step: str) -> TakeApplicationStep:
    """Read one step; a step nobody knows is a problem of the form. Raises Invalid."""
    problems = Invalid()
    if step not in set(ApplicationStep):
        problems.add("step", "value-unknown")
    seen = read_int(values, "version", 1, BIGGEST, problems)
    words = read_text(values, "words", most=WORDS_MOST, problems=problems)
    number = read_code(values, "card_number", most=40, problems=problems)
    problems.raise_if_any()
    return TakeApplicationStep(ApplicationStep(step), seen, words, number)


def read_owner_price(values: Mapping[str, Any]) -> SetOwnerPrice:
    """Read a compound's price in yuan. Raises Invalid."""
    problems = Invalid()
    paper = clean(values.get("paper"))
    if paper not in set(PermitKind):
        problems.add("paper", "value-unknown")
    command = SetOwnerPrice(
        compound_code=read_code(values, "compound", most=20, problems=problems, needed=True),
        paper=PermitKind(paper) if paper in set(PermitKind) else PermitKind.ACCESS_CARD,
        owners_fen=_fen(values, "price", problems, needed=True),
        subsidy_fen=_fen(values, "subsidy", problems),
        words=read_text(values, "words", most=WORDS_MOST, problems=problems),
        seen=read_int(values, "seen", 1, 2**31, problems),
    )
    problems.raise_if_any()
    return command


def _fen(values: Mapping[str, Any], name: str, problems: Invalid, *, needed: bool = False) -> int:
    """Read an amount of yuan as fen, without a detour through fractions of two."""
    text = plain(clean(values.get(name)))
    if not text:
        if needed:
            problems.add(name, "field-needed")
        return 0
    found = YUAN.fullmatch(text) if text.isascii() else None
    fen = int(found[1]) * 100 + int((found[2] or "").ljust(2, "0")) if found else -1
    if not 0 <= fen <= MOST_FEN:
        problems.add(name, "yuan-unreadable", most=MOST_FEN // 100)
        return 0
    return fen
