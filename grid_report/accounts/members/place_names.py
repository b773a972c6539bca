"""Names of the places roles are held at. The places themselves are another domain's.

`create_app` connects the two: this floor asks, it does not import.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping

from flask import Flask, current_app

from grid_report.access.roles import HELD_AT, PlaceKind, Role

PlaceNames = Callable[[PlaceKind], Mapping[str, str]]

_KEY = "grid_report_place_names"


def connect(app: Flask, names_of_kind: PlaceNames) -> None:
    """Tell an app where the names of places of a kind come from, by code."""
    app.extensions[_KEY] = names_of_kind


def names(kind: PlaceKind) -> Mapping[str, str]:
    """Return every place of a kind, by code."""
    names_of_kind: PlaceNames = current_app.extensions[_KEY]
    return names_of_kind(kind)


def exists(kind: PlaceKind, code: str) -> bool:
    """Tell whether there is such a place."""
    return code in names(kind)


def kept() -> PlaceNames:
    """Return `names` for one page: each kind is asked for once, however many rows mention it."""
    return functools.cache(names)


def name_at(names_of_kind: PlaceNames, role: Role, code: str) -> str:
    """Return the name of the place a role is held at; its code when nobody knows the name."""
    kind = HELD_AT[role]
    return names_of_kind(kind).get(code, code) if kind and code else ""
