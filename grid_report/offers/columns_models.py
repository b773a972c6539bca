"""Columns that several tables of this room have alike: whose, at whose place, and what was said."""

from __future__ import annotations

from typing import Annotated

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from grid_report.db import BIG, Instant, RowId

MemberId = Annotated[int, mapped_column(BIG, ForeignKey("members.id"))]
ProviderCode = Annotated[str, mapped_column(ForeignKey("providers.code"))]
StationCode = Annotated[str, mapped_column(ForeignKey("stations.code"))]
CompoundCode = Annotated[str, mapped_column(ForeignKey("compounds.code"))]
CommunityCode = Annotated[str, mapped_column(ForeignKey("communities.code"))]
RedemptionId = Annotated[int, mapped_column(BIG, ForeignKey("redemptions.id"))]
# The row is about one redemption, and there is one row for each.
OfRedemption = Annotated[
    int,
    mapped_column(BIG, ForeignKey("redemptions.id"), primary_key=True, autoincrement=False),
]
Words = Annotated[str, mapped_column(Text, default="")]
Version = Annotated[int, mapped_column(default=1)]


class History:
    """One step of something, forever: when, by whom, and in which words."""

    id: Mapped[RowId]
    at: Mapped[Instant]
    # Nobody where the clock acts by itself.
    actor_id: Mapped[MemberId | None]
    words: Mapped[Words]
