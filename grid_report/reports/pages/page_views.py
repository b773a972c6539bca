"""What the pages about reports share: one case put together for the reader, and posted steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Response, render_template, request
from werkzeug.datastructures import FileStorage

from grid_report import access, clock
from grid_report.access import Actor
from grid_report.accounts import consent_queries, policy
from grid_report.accounts.consent_kinds import OPTIONAL_CONSENTS, ConsentKind
from grid_report.accounts.members.identity_queries import names_for
from grid_report.errors import Invalid, NotFound, TooLarge
from grid_report.media.errors import PhotoRefused, TooManyPhotos
from grid_report.media.uploads.photos import AdmittedPhoto
from grid_report.places.queries import reference
from grid_report.points.history.queries import entries_about
from grid_report.points.rewards import tariff_queries
from grid_report.reports import queries
from grid_report.reports.casework import departures
from grid_report.reports.casework import usecases as casework_usecases
from grid_report.reports.desk import kept_queries, twin_queries
from grid_report.reports.earnings import evidence
from grid_report.reports.errors import ConsentNeeded, KeyReused
from grid_report.reports.kept_models import KeptReport
from grid_report.reports.lifecycle import Part, State, kept_steps_from
from grid_report.reports.models import Report, ReportPhoto
from grid_report.reports.pages import case_views, forms
from grid_report.reports.permissions import (
    MERIT_PROPOSE,
    RECHECK_ANSWER,
    RECHECK_ASK,
    REPORT_READ,
    parts,
)
from grid_report.reports.submission import kept_usecases
from grid_report.web.context import current_actor, language, settings, wiring
from grid_report.web.refused_forms import REFUSED

# What a case's forms show beside themselves: photos can be refused, and words under an old key.
CASE_REFUSED = (*REFUSED, ConsentNeeded, KeyReused, PhotoRefused, TooLarge, TooManyPhotos)


def one(number: str, *, with_twins: bool = False) -> case_views.ReportView:
    """Return one case as the reader may see it. Raises NotFound."""
    return put_together(queries.find_report(number), with_twins=with_twins)


def left_page(number: str) -> Response:
    """Say to whoever had a case where it went.

    Raises NotFound for whoever never had it.
    """
    report, actor, places = queries.find_report(number), current_actor(), reference()
    found = departures.left(actor, queries.list_history(report.id), report.community_code, places)
    if found is None:
        raise NotFound
    community, category = places.community(found.community), places.category(report.category_code)
    page = render_template(
        "reports/left.html",
        number=number,
        step=found.step,
        at=found.at,
        community_name=community.name if community else found.community,
        category_name=category.name(language()) if category else report.category_code,
    )
    # Gone from here, and not "never heard of".
    return Response(page, 410, content_type="text/html; charset=utf-8")


def put_together(report: Report, *, with_twins: bool = False) -> case_views.ReportView:
    """Put one case together for the reader in a fixed number of statements. Raises NotFound."""
    actor, places, now = current_actor(), reference(), clock.now()
    access.check(actor, REPORT_READ, report)
    history = queries.list_history(report.id)
    people = {entry.actor_id for entry in history if entry.actor_id} | {report.reporter_id}
    category = places.category(report.category_code)
    mine = parts(actor, report)
    rider = actor.member_id if Part.RIDER in mine else None
    photos = queries.list_photos(report.id, rider_id=rider)
    lead = lead_of(report, actor)
    return case_views.view(
        report,
        photos,
        history,
        actor=actor,
        places=places,
        language=language(),
        now=now,
        names=names_for(actor, people),
        merged_into=queries.number_of(report.merged_into_id),
        points_entries=entries_about(actor.member_id, report.number) if Part.RIDER in mine else (),
        twins=twin_queries.list_twins(
            report, actor, radius_m=category.dedupe_radius_m if category else 30, now=now
        )
        if with_twins
        else (),
        thanks=_thanks(report, photos, actor),
        lead=lead,
        lead_photos=queries.list_photos(lead.id, rider_id=rider) if lead else (),
        question=queries.open_question_of(lead or report) if rider else None,
    )


def kept_page(report: KeptReport) -> dict[str, Any]:
    """Return what the page of a report shows that waits for the proof."""
    places = reference()
    compound = places.compound(report.compound_code)
    community = places.community(report.chosen_code)
    return {
        "report": case_views.row(report, places, language(), clock.now()),
        "photos": kept_queries.photos_of_kept([report.id])[report.id],
        "compound_name": compound.name if compound else None,
        "chosen_name": community.name if community else None,
        "steps": [step.value for step in kept_steps_from(report.state)],
    }


def lead_of(report: Report, actor: Actor) -> Report | None:
    """Return the report that leads the case of a merged one, to its rider only."""
    return queries.find_lead(report) if report.reporter_id == actor.member_id else None


def _thanks(report: Report, photos: Sequence[ReportPhoto], actor: Actor) -> case_views.ThanksView:
    may_ask = access.allowed(actor, RECHECK_ASK, report)
    may_answer = access.allowed(actor, RECHECK_ANSWER, report)
    asked = queries.list_rechecks(report.id) if may_ask or may_answer else ()
    waits = bool(asked) and asked[-1].answered_at is None
    may_propose = (
        report.accepted_at is not None
        and not report.sent_unproved
        and access.allowed(actor, MERIT_PROPOSE, report)
    )
    version = tariff_queries.at(report.created_at) if may_ask or may_propose else None
    return case_views.ThanksView(
        evidence=report.state is State.SUBMITTED and evidence.is_good(report, photos),
        may_ask=may_ask
        and not waits
        and version is not None
        and len(asked) < version.most_rechecks,
        asked_words=asked[-1].words if waits and may_answer else None,
        waits_for_photo=waits,
        may_propose=may_propose,
        merit=version.merit if version is not None and may_propose else (0, 0),
    )


def place_tree() -> list[dict[str, Any]]:
    """Return streets with their communities and compounds, to choose a place without a map."""
    places = reference()
    return [
        {
            "name": street.name,
            "communities": [
                {
                    "code": community.code,
                    "name": community.name,
                    "compounds": [
                        {"code": compound.code, "name": compound.name}
                        for compound in places.compounds_of(community.code)
                    ],
                }
                for community in places.communities_of(street.code)
            ],
        }
        for street in places.streets.values()
    ]


def scanned(code: str | None) -> dict[str, Any]:
    """Return what the form has chosen when a compound's code at its gate opened it."""
    if not code:
        return {}
    compound = reference().compound(code)
    if compound is None:
        return {"scanned_unknown": True}
    community = compound.community_code
    return {"scanned": compound.code, "compound": compound.code, "community": community}


def files_in(files: list[FileStorage]) -> list[FileStorage]:
    """Leave out the empty parts a browser sends for file inputs nobody used."""
    return [file for file in files if file and (file.filename or _has_bytes(file))]


def _has_bytes(file: FileStorage) -> bool:
    first = file.stream.read(1)
    file.stream.seek(0)
    return bool(first)


def check_consent(number: str, key: str | None, *, has_uploads: bool = False) -> None:
    """Refuse a rider's photos without consent before they are worked on. Raises ConsentNeeded.

    A step that was taken before is answered, whatever became of the consent since.
    """
    actor = current_actor()
    has_photos = has_uploads or bool(files_in(request.files.getlist("photos")))
    if not has_photos or consent_queries.agrees(actor, ConsentKind.PHOTOS):
        return
    report = queries.find_report(number)
    if Part.RIDER in parts(actor, report) and not queries.knows_key(actor, number, key):
        raise ConsentNeeded


def agree_if_asked() -> bool:
    """Agree to what the pressed button is about; tell whether there was one.

    The whole form came along, so the page can be shown again with every word in it.
    """
    asked = request.form.get("agree")
    if asked not in set(OPTIONAL_CONSENTS):
        return False
    kind, version = ConsentKind(asked), policy.NOTICE_VERSION
    casework_usecases.agree(kind, version, actor=current_actor(), now=clock.now())
    consent_queries.note_agreed(kind, version)
    return True


def check_consent_to_send(key: str, *, has_uploads: bool = False) -> None:
    """Refuse a new report's photos without consent before they are worked on.

    Raises ConsentNeeded. What was taken in with this key is answered all the same.
    """
    actor = current_actor()
    has_photos = has_uploads or bool(files_in(request.files.getlist("photos")))
    if not has_photos or consent_queries.agrees(actor, ConsentKind.PHOTOS):
        return
    if not queries.knows_report(actor, key):
        raise ConsentNeeded


def admit_photos(files: list[FileStorage], problems: Invalid, *, most: int) -> list[AdmittedPhoto]:
    """Clean and store the photos sent; too many of them is noted on the field `photos`.

    Raises TooLarge, NotAPicture and the other media errors.
    """
    sent = files_in(files)
    if len(sent) > most:
        problems.add("photos", "too-many-photos", limit=most)
        return []
    return wiring().media.admit(sent) if sent else []


def check_sight(number: str, key: str | None) -> None:
    """Refuse whoever may not see a report, before their photos cost a decoder. Raises NotFound.

    Sent again, a step that led the case out of sight is answered, and not "not found".
    """
    report, actor = queries.find_report(number), current_actor()
    if not access.allowed(actor, REPORT_READ, report) and not queries.knows_key(actor, number, key):
        raise NotFound


def take_posted_step(number: str, step: str) -> None:
    """Read a step from the posted form and take it. Raises what the use case raises."""
    values: dict[str, Any] = {**request.form.to_dict(), "step": step}
    try:
        check_sight(number, values.get("key"))
    except NotFound:
        take_step_on_kept(number, values, key=values.get("key"), key_field="key")
        return
    check_consent(number, values.get("key"))
    problems = Invalid()
    photos = admit_photos(
        request.files.getlist("photos"), problems, most=settings().photos.max_files
    )
    command = forms.read_step(
        values,
        key=values.get("key"),
        key_field="key",
        zone=settings().county.tz,
        photos=photos,
        problems=problems,
    )
    casework_usecases.take_step(
        number,
        command,
        actor=current_actor(),
        places=reference(),
        settings=settings(),
        now=clock.now(),
    )


def take_step_on_kept(
    number: str, values: dict[str, Any], *, key: str | None, key_field: str
) -> kept_usecases.Sent:
    """Take a step on an own report that waits for the proof. Raises what the use case raises."""
    kept_queries.find_kept(number, current_actor())
    command = forms.read_step(
        values, key=key, key_field=key_field, zone=settings().county.tz, photos=[],
        problems=Invalid(),
    )  # fmt: skip
    return kept_usecases.take_step(number, command, actor=current_actor(), now=clock.now())
