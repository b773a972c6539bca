"""Answers that hand out a month: a workbook, a CSV file; the same from the pages and from the API."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

from flask import Response, request

from grid_report.statistics.exports import csv_views, workbook
from grid_report.statistics.exports.workbook_sheets import Words
from grid_report.statistics.month.table_queries import TableName, Tables
from grid_report.statistics.request_forms import say
from grid_report.web import csv_files
from grid_report.web.context import settings
from grid_report.web.pages.words import sentence

# Changes with what the files look like: nobody keeps an old one for a new one.
SHAPE: Final = "2"


def workbook_answer(found: Tables) -> Response:
    """Hand out a month as a workbook."""
    words = Words(say=say, figure=lambda code: sentence("figures", code))
    content = workbook.workbook(found, words=words, zone=settings().county.tz)
    answer = _file(content, workbook.MEDIA_TYPE, f"{_name(found)}.xlsx")
    answer.set_etag(hashlib.sha256(content).hexdigest()[:32])
    return _conditional(answer)


def csv_answer(found: Tables, table: TableName | None, *, bom: bool) -> Response:
    """Hand out a month as CSV, line by line."""
    name = f"{_name(found)}-{table.value}" if table else _name(found)
    rows = csv_files.lines(csv_views.rows_of(found, table), bom=bom)
    answer = _file(rows, csv_files.MEDIA_TYPE, f"{name}.csv")
    frozen = found.report.frozen
    if frozen is not None:
        # What is frozen is known by its digest before a line of it is written.
        what = (SHAPE, name, found.language, str(bom), frozen.digest)
        answer.set_etag(hashlib.sha256("|".join(what).encode()).hexdigest()[:32])
        return _conditional(answer)
    return answer


def _name(found: Tables) -> str:
    report = found.report
    version = f"-v{report.frozen.version}" if report.frozen else ""
    return f"statistics-{report.month}-{report.area.code}{version}"


def _file(content: bytes | Iterable[str], media_type: str, name: str) -> Response:
    answer = Response(content, content_type=media_type)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.vary.update(("Accept-Language", "Cookie"))
    return answer


def _conditional(answer: Response) -> Response:
    answer.make_conditional(request)
    return answer
