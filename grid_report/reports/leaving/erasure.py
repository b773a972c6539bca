"""What becomes of this room's tables when a member is erased."""

from __future__ import annotations

from typing import Final

from grid_report.accounts.leaving.fates import Stays, Table, Told, stays, without_members

TABLES: Final = (
    *without_members("kind_counts", "kind_letters", "number_counters", "report_rounds"),
    Table("kept_photos", of="report_id>kept_reports.reporter_id", goes=True),
    Table("kept_reports", of="reporter_id", goes=True),
    Table(
        "step_keys",
        of="member_id",
        goes=True,
    ),
    Table(
        "report_history",
        of="actor_id",
        emptied={"words": ""},
        # What somebody in office wrote belongs to the case.
        only={"role": ("rider",)},
        stays=stays(Stays.SHELL, "actor_id")
        | stays(Stays.CODE, "role changes")
        | stays(Stays.OFFICE, "internal_note"),
    ),
    Table("report_recalls", stays=stays(Stays.OFFICE, "by_id")),
    Table("report_rechecks", stays=stays(Stays.OFFICE, "asked_by_id words")),
    Table(
        "report_photos",
        stays=stays(Stays.SHELL, "added_by_id") | stays(Stays.BY_STEP, "name dhash"),
    ),
    Table(
        "reports",
        of="reporter_id",
        emptied={
            "description": "",
            "place_note": "",
            "fingerprint": "",
            "accuracy_m": None,
            "taken_at": None,
            "rating_words": None,
        },
        stays=stays(Stays.SHELL, "reporter_id started_by_id handled_by_id")
        | stays(Stays.CODE, "number key group_code told_light")
        | stays(Stays.BY_STEP, "thumb_name sent_lat sent_lng"),
    ),
)

_REPORT: Final = (
    "number key category_code group_code severity description place_note lat lng sent_lat sent_lng"
    " datum accuracy_m located_by compound_code taken_at source created_at"
)

TOLD: Final = (
    Told(
        "reports",
        "reports",
        "reporter_id",
        f"{_REPORT} state community_code street_code sent_at sent_unproved accepted_at"
        " dispatched_at started_at controlled_at handled_at closed_at reopened_at accept_due"
        " control_due fix_due close_due solved satisfied rating_words rated_at",
    ),
    # What the rider may read of each step: who it was only as a role, no internal note, and no word
    # of another rider of the case.
    Told(
        "report_history",
        "report_history",
        "report_id>reports.reporter_id",
        "report_id step from_state to_state at role words",
        mine="actor_id",
        hides="words",
    ),
    Told(
        "said_in_cases",
        "report_history",
        "actor_id",
        "report_id step at role words",
    ),
    Told(
        "report_photos",
        "report_photos",
        "report_id>reports.reporter_id",
        "report_id kind name width height byte_count taken_gap_s taken_off_m added_at",
        mine="added_by_id",
        only_mine=True,
    ),
    Told(
        "questions_about_reports",
        "report_rechecks",
        "report_id>reports.reporter_id",
        "report_id nth asked_at words answered_at",
    ),
    Told(
        "kept_reports",
        "kept_reports",
        "reporter_id",
        f"{_REPORT} chosen_code withdrawn_at",
    ),
    Told(
        "kept_photos",
        "kept_photos",
        "report_id>kept_reports.reporter_id",
        "report_id name width height byte_count taken_at lat lng",
    ),
    Told("step_keys", "step_keys", "member_id", "key report_id at"),
)
