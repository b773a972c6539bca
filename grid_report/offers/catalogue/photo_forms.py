"""The photo of an offer on its form: sent anew, kept while something else is put right, left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flask import request, url_for

from grid_report.errors import GridReportError, Invalid
from grid_report.media.uploads import staging
from grid_report.web.context import current_actor, settings, wiring

FIELD: Final = "photo"


@dataclass(frozen=True)
class Chosen:
    """Which photo an offer gets; `token` brings one back that was sent with a refused form."""

    name: str | None
    token: str = ""

    def src(self, offer_id: int | None) -> str:
        """Return where the form shows it from; empty: there is none."""
        if self.token:
            return url_for("reports.staged_photo", token=self.token)
        if self.name is None or offer_id is None:
            return ""
        return url_for("offers.photo", offer_id=offer_id, name=self.name, size="thumb")


def choose(current: str | None, problems: Invalid) -> Chosen:
    """Read which photo the posted form is about; one that cannot be taken is noted on its field."""
    secret, member_id = settings().secret(), current_actor().member_id
    sent = request.files.get(FIELD)
    if sent is not None and sent.filename:
        try:
            (photo,) = wiring().media.admit([sent])
        except GridReportError as error:
            _note(error, problems)
        else:
            return Chosen(photo.name, staging.keep(photo, secret=secret, member_id=member_id))
    if request.form.get("drop_photo") == "1":
        return Chosen(None)
    token = request.form.get("kept_photo", "")
    kept = staging.take([token], secret=secret, member_id=member_id) if token else []
    return Chosen(kept[0].name, token) if kept else Chosen(current)


def _note(error: GridReportError, problems: Invalid) -> None:
    if isinstance(error, Invalid):
        for found in error.problems.values():
            problems.problems.setdefault(FIELD, []).extend(found)
    else:
        problems.add(FIELD, error.code, **error.facts)
