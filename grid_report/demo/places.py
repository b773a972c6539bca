"""Makes the demo's units, compounds and reference points. All names are invented and say so."""

from __future__ import annotations

import csv
import io
import math
import random
from collections.abc import Iterable, Mapping
from typing import Any, Final

import shapely

from grid_report.demo import boundaries
from grid_report.places.geo.points import Point

COUNTY: Final = "211282"
FIRMS: Final = (
    "暖阳", "安和", "邻里", "青禾", "瑞景", "同心", "丰泽", "康居", "春晖", "佳园",
    "长青", "福临", "德邻", "明珠", "悦家",
)  # fmt: skip
ESTATES: Final = (
    "和顺苑", "安居里", "朝阳花园", "松鹤园", "书香苑", "锦绣里", "江畔园", "银杏苑", "桃源里",
    "康宁小区", "文华园", "春和里", "金色家园", "兴盛小区", "月华苑", "北辰里",
)  # fmt: skip
OFFICES: Final = (
    ("municipal-01", "市政道路养护中心", "municipal"),
    ("power-01", "供电抢修班", "power"),
    ("gas-01", "燃气公司抢修队", "gas"),
    ("water-01", "自来水公司抢修队", "water"),
    ("heating-01", "供热公司维修队", "heating"),
    ("sanitation-01", "环卫保洁中心", "sanitation"),
    ("chengguan-01", "城市管理执法队", "chengguan"),
    ("traffic_police-01", "交警大队", "traffic_police"),
    ("fire-01", "消防救援站", "fire"),
    ("police-01", "公安派出所", "police"),
    ("housing-01", "住房建设监督站", "housing"),
    ("landscaping-01", "园林绿化所", "landscaping"),
    ("market-01", "市场监督管理所", "market"),
    ("telecom-01", "通信线路维护队", "telecom"),
    ("civil_affairs-01", "民政救助站", "civil_affairs"),
    ("health-01", "卫生急救站", "health"),
)
OUTSKIRTS: Final = (
    "客运站",
    "物流园南门",
    "农贸批发市场",
    "污水处理厂门口",
    "驾校训练场",
    "苗圃路口",
)


def sheets_for(collection: Mapping[str, Any]) -> dict[str, str]:
    """Return the CSV files that go with a drawing, by name."""
    return {
        "units.csv": _csv(("code", "name", "kind", "covers"), _units(collection)),
        "compounds.csv": _csv(
            ("code", "name", "community_code", "self_managed", "lat", "lng"),
            _compounds(collection),
        ),
        "reference-points.csv": _csv(
            ("name", "community_code", "lat", "lng"), _reference_points(collection)
        ),
    }


def _csv(head: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return out.getvalue()


def _units(collection: Mapping[str, Any]) -> Iterable[tuple[Any, ...]]:
    """Property firms first, then one subdistrict office a street, then the county's offices."""
    streets: dict[str, tuple[str, list[str]]] = {}
    for feature in collection["features"]:
        about = feature["properties"]
        streets.setdefault(about["code"][:9], (about["street"], []))[1].append(about["code"])
    # 站前社区 has a firm of its own, the others share one with two neighbours.
    groups = []
    for _, codes in streets.values():
        shared = [code for code in codes if code != boundaries.STATION]
        groups += [shared[i : i + 3] for i in range(0, len(shared), 3)]
    groups.insert(0, [boundaries.STATION])
    for number, (firm, codes) in enumerate(zip(FIRMS, groups, strict=False), start=1):
        yield f"property-{number:02d}", f"{firm}物业（演示）", "property", "|".join(codes)
    for number, (code, (name, _)) in enumerate(streets.items(), start=1):
        yield f"subdistrict-{number:02d}", f"{name}综合办（演示）", "subdistrict", code
    for code, name, kind in OFFICES:
        yield code, f"{name}（演示）", kind, COUNTY


def _compounds(collection: Mapping[str, Any]) -> Iterable[tuple[Any, ...]]:
    """Three a community; the third has no property firm."""
    for turn, feature in enumerate(collection["features"]):
        code = feature["properties"]["code"]
        rng = random.Random(f"compounds:{code}")
        shape = shapely.geometry.shape(feature["geometry"])
        for number in range(1, 4):
            point = boundaries.random_point(shape.buffer(-0.0008), rng)
            name = ESTATES[(turn * 3 + number) % len(ESTATES)]
            block = turn // 5 + 1
            yield (
                f"{code}-{number:02d}",
                f"{name}{block}期（演示）",
                code,
                int(number == 3),
                point.lat,
                point.lng,
            )


def _reference_points(collection: Mapping[str, Any]) -> Iterable[tuple[Any, ...]]:
    """One office a community, and places just outside town that only the nearest rule catches."""
    shapes = {
        feature["properties"]["code"]: shapely.geometry.shape(feature["geometry"])
        for feature in collection["features"]
    }
    names = {f["properties"]["code"]: f["properties"]["name"] for f in collection["features"]}
    for code, shape in shapes.items():
        inside = shapely.point_on_surface(shape)
        yield f"{names[code]}居民委员会（演示）", code, round(inside.y, 6), round(inside.x, 6)
    town = shapely.union_all(list(shapes.values()))
    for turn, name in enumerate(OUTSKIRTS):
        spot = _beyond(town, 2 * math.pi * turn / len(OUTSKIRTS))
        nearest = min(
            shapes, key=lambda code: shapes[code].distance(shapely.Point(spot.lng, spot.lat))
        )
        yield f"{name}（演示）", nearest, spot.lat, spot.lng


def _beyond(town: shapely.Geometry, angle: float) -> Point:
    """Return the first spot about 400 metres outside the town in a direction."""
    for step in range(1, 200):
        lng = boundaries.CENTER.lng + step * 0.0005 * math.cos(angle)
        lat = boundaries.CENTER.lat + step * 0.0005 * math.sin(angle)
        if town.distance(shapely.Point(lng, lat)) > 0.0042:
            return Point(round(lat, 6), round(lng, 6))
    raise AssertionError("the town has no end in this direction")
