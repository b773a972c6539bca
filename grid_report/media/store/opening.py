"""Open the photo store at a start: refuse one that belongs to another installation, with a sentence."""

from __future__ import annotations

import logging
from datetime import datetime

from sqlalchemy.exc import DBAPIError

from grid_report.db import db
from grid_report.media.decoding.arrivals import clear_left_behind
from grid_report.media.errors import PhotoStoreUnavailable
from grid_report.media.store import owner as owning
from grid_report.media.store.owner import StoreRefused
from grid_report.media.store.stores import Store
from grid_report.media.upkeep import queries as upkeep_queries
from grid_report.media.upkeep import usecases as upkeep_usecases
from grid_report.web.context import wiring
from grid_report.web.pages.terminal import say

logger = logging.getLogger(__name__)


def why_not(*, now: datetime) -> str:
    """Claim the store for this installation; say in both languages why that cannot be, or ''.

    What processes that were killed left of photos on their way in is cleared away.

    A database or store that is away is no reason: the site starts, `/readyz` tells, and the sweep
    asks again.
    """
    tied = wiring()
    try:
        upkeep_usecases.claim(
            tied.media.store,
            tied.photo_names_in_use,
            upkeep_usecases.care_of(tied.settings),
            now=now,
        )
        clear_left_behind(tied.media.store.staging())
    except StoreRefused as refusal:
        return sentence(refusal)
    except (DBAPIError, PhotoStoreUnavailable) as error:
        logger.warning("owner of the photo store not asked", extra={"reason": type(error).__name__})
    finally:
        db.session.remove()
    return ""


def sentence(refusal: StoreRefused) -> str:
    """Say in both languages why a store may not be used, and what to do."""
    return say(refusal.code, store=wiring().settings.photo_store_url, **refusal.facts)


def is_ours(store: Store) -> bool:
    """Say that the store is not another installation's. Raises PhotoStoreUnavailable."""
    owner = owning.find_owner(store)
    if owner is None:
        return True
    try:
        return owner.installation == upkeep_queries.installation_key()
    except DBAPIError:  # not migrated yet, or away: another check tells of that
        db.session.rollback()
        return True
