"""`grid-report communities …`."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from grid_report.places import queries
from grid_report.places.cli import places_cli
from grid_report.places.usecases import CATEGORIES_FILE
from tests.places.test_imports import DEMO_FILE, STATION, broken, owner, spiked, swapped

pytestmark = pytest.mark.database


def run(app: Flask, *arguments: str) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(places_cli, list(arguments))
    return result.exit_code, result.output


def write(folder: Path, content: bytes | str, name: str = "new.geojson") -> str:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


def test_communities_are_listed_with_their_area(app: Flask) -> None:
    code, out = run(app, "list")
    assert code == 0
    assert len(out.splitlines()) == 39
    assert "站前社区" in out
    assert "km2" in out


def test_a_dry_run_says_what_would_change(app: Flask, tmp_path: Path) -> None:
    code, out = run(app, "import", "--dry-run", write(tmp_path, swapped()))
    assert code == 0
    assert f"~ {STATION} 站前社区" in out
    assert "nothing was changed" in out
    assert owner() == STATION


def test_an_import_counts_at_once(app: Flask, tmp_path: Path) -> None:
    code, out = run(app, "import", write(tmp_path, swapped()))
    assert code == 0
    assert "Imported as version" in out
    assert owner() != STATION


def test_a_bad_file_ends_in_an_error_with_the_reason(app: Flask, tmp_path: Path) -> None:
    code, out = run(app, "import", write(tmp_path, broken()))
    assert code == 1
    assert "error: feature 6" in out
    assert "not closed" in out
    assert owner() == STATION


def test_a_dry_run_repairs_when_asked_to_and_says_the_areas(app: Flask, tmp_path: Path) -> None:
    file = write(tmp_path, spiked())
    code, out = run(app, "import", "--dry-run", file)
    assert code == 1
    assert "crosses itself" in out
    assert "add --repair" in out
    code, out = run(app, "import", "--dry-run", "--repair", file)
    assert code == 0
    assert "note: feature" in out
    assert "area before" in out
    assert "already have" in out


def test_importing_what_is_there_changes_nothing(app: Flask) -> None:
    code, out = run(app, "import", str(DEMO_FILE))
    assert code == 0
    assert "already have" in out


def test_units_compounds_and_points_are_loaded_from_csv(app: Flask, tmp_path: Path) -> None:
    units = write(tmp_path, f"code,name,kind,covers\nx1,甲,power,{STATION}\n", "units.csv")
    assert run(app, "load-units", units) == (0, "2\n")
    compounds = write(
        tmp_path,
        f"code,name,community_code,self_managed,lat,lng\nc1,甲,{STATION},0,42.5,124\n",
        "c.csv",
    )
    assert run(app, "load-compounds", compounds) == (0, "1\n")
    points = write(tmp_path, f"name,community_code,lat,lng\n甲,{STATION},42.5,124\n", "p.csv")
    assert run(app, "load-points", points) == (0, "1\n")
    assert run(app, "load-points", points) == (0, "0\n")


def test_categories_are_loaded_from_a_countys_own_file_all_or_none(
    app: Flask, tmp_path: Path
) -> None:
    shipped = CATEGORIES_FILE.read_text(encoding="utf-8")
    assert run(app, "load-categories", write(tmp_path, shipped)) == (0, "0\n")
    assert queries.categories().get("RD02").short("en") == "Pothole"
    own = shipped.replace(",路面坑洼,Pothole,坑|", ",坑洼,Hole,窟窿|").replace(
        ",brown,", ",teal,", 1
    )
    assert run(app, "load-categories", write(tmp_path, own)) == (0, "2\n")
    hole = queries.categories().get("RD02")
    assert (hole.short("zh_CN"), hole.short("en")) == ("坑洼", "Hole")
    assert "窟窿" in hole.words()
    wrong = own.replace(",坑洼,Hole,", ",坑,Pit,").replace(",teal,", ",red,", 1)
    code, out = run(app, "load-categories", write(tmp_path, wrong))
    assert code == 1
    assert "column “short_zh”: “坑” cannot be used there." in out
    assert "column “colour”: “red” cannot be used there." in out
    assert queries.categories().get("RD02").short("en") == "Hole"


def test_a_bad_sheet_is_refused_by_line_and_column(app: Flask, tmp_path: Path) -> None:
    code, out = run(app, "load-units", write(tmp_path, "code,name,kind,covers\nX!,甲,power,2\n"))
    assert code == 1
    assert "Line 2, column “code”: “X!” cannot be used there." in out
    code, out = run(
        app, "load-units", write(tmp_path, "code,name,kind,covers\nx1,甲,power,999999\n")
    )
    assert code == 1
    assert "999999" in out


def test_a_category_is_offered_no_more_and_an_unknown_one_is_named(app: Flask) -> None:
    assert run(app, "retire-category", "EN99") == (0, "EN99 is offered no more\n")
    assert queries.categories().get("EN99").retired
    code, out = run(app, "retire-category", "XX00")
    assert code == 1
    assert "no category XX00" in out
