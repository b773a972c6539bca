// The map's ground: positions of providers, what is painted of a file, where words stand.
import assert from "node:assert/strict";
import { test } from "node:test";

import { toGcj02, toWgs84 } from "../../grid_report/static/js/lib/ground/datum.mjs";
import { calledIn, isRoad, kindOf, ORDER, widthOf } from "../../grid_report/static/js/lib/ground/kinds.mjs";
import { cut, longestInside, standOn } from "../../grid_report/static/js/lib/ground/lines.mjs";

const near = (found, wanted, within = 1e-6) => found.forEach((it, i) => assert.ok(Math.abs(it - wanted[i]) < within, `${found} is not ${wanted}`));

test("a position is shifted as Chinese providers shift it, and comes back", () => {
  near(toGcj02([39.9087, 116.3975]), [39.9101035, 116.4037436]);
  for (const spot of [[42.546, 124.0408], [42.5, 123.73], [30.1, 104.2], [22.5, 114.05]]) {
    const there = toGcj02(spot);
    assert.ok(Math.abs(there[0] - spot[0]) + Math.abs(there[1] - spot[1]) > 1e-3);
    near(toWgs84(there), spot, 1e-8);
  }
});

test("outside the rectangle around China nothing is shifted", () => {
  for (const spot of [[48.85, 2.35], [0.5, 100], [35, 140]]) {
    assert.deepEqual(toGcj02(spot), spot);
    assert.deepEqual(toWgs84(spot), spot);
  }
});

test("files of several makers are painted the same", () => {
  const table = [
    ["roads", { kind: "major_road" }, "major"], ["transportation", { class: "primary" }, "major"], ["streets", { kind: "motorway" }, "highway"],
    ["roads", { kind: "minor_road" }, "minor"], ["transportation", { class: "tertiary" }, "medium"], ["roads", { kind: "path", kind_detail: "footway" }, "path"],
    ["roads", { kind: "rail" }, "rail"], ["water", { kind: "river" }, "water"], ["water_polygons", {}, "water"], ["ocean", {}, "water"],
    ["landuse", { kind: "park" }, "green"], ["landcover", { class: "wood" }, "green"], ["land", { kind: "residential" }, ""],
    ["buildings", {}, "house"], ["building", {}, "house"], ["boundaries", { kind: "country" }, ""], ["pois", { kind: "school" }, ""], ["earth", {}, ""],
  ];
  for (const [layer, said, wanted] of table) assert.equal(kindOf(layer, said), wanted, `${layer} ${JSON.stringify(said)}`);
});

test("wider streets stay wider at every zoom, and houses have no width", () => {
  const roads = ORDER.filter(isRoad).filter((it) => it !== "rail");
  for (const zoom of [11, 14, 16, 19]) {
    const widths = roads.map((it) => widthOf(it, zoom));
    assert.deepEqual(widths, widths.slice().sort((a, b) => a - b), `${zoom}: ${widths}`);
  }
  assert.ok(widthOf("minor", 18) > widthOf("minor", 14));
  assert.equal(isRoad("house"), false);
});

test("a street is called as the reader reads, or else as it is", () => {
  const said = { name: "Xinhua Lu", "name:zh": "新华路", "name:en": "Xinhua Road" };
  assert.equal(calledIn(said, "zh"), "新华路");
  assert.equal(calledIn(said, "en"), "Xinhua Road");
  assert.equal(calledIn({ name: "新华路" }, "en"), "新华路");
  assert.equal(calledIn({}, "zh"), "");
});

const BOX = [0, 0, 100, 100];

test("a segment is cut to what is in sight", () => {
  assert.deepEqual(cut([-50, 50], [150, 50], BOX), [[0, 50], [100, 50]]);
  assert.deepEqual(cut([10, 10], [20, 20], BOX), [[10, 10], [20, 20]]);
  assert.equal(cut([-10, -10], [-20, 50], BOX), null);
  assert.equal(cut([-10, 120], [110, 120], BOX), null);
});

test("words stand on the longest run in sight, in its middle, and never upside down", () => {
  const line = [[-30, 20], [20, 20], [20, -40], [60, -40], [60, 90]];
  const run = longestInside(line, BOX);
  assert.deepEqual(run.points, [[60, 0], [60, 90]]);
  assert.equal(run.length, 90);
  const place = standOn(run, 40);
  near([place.x, place.y, place.angle], [60, 45, Math.PI / 2]);
  const leftward = standOn(longestInside([[90, 50], [10, 50]], BOX), 40);
  near([leftward.x, leftward.y, Math.abs(leftward.angle)], [50, 50, 0]);
  for (const down of [-10, 10]) {
    const { angle } = standOn(longestInside([[90, 50], [10, 50 + down]], BOX), 40);
    near([angle], [Math.atan2(-down, 80)]);
  }
});

test("too short or too bent a line has no words", () => {
  assert.equal(standOn(longestInside([[10, 50], [40, 50]], BOX), 40), null);
  assert.equal(standOn(longestInside([[10, 10], [50, 90], [90, 10]], BOX), 100), null);
  assert.equal(standOn({ points: [], length: 0 }, 40), null);
});
