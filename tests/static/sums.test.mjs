// Sums that need no page: hashes and codes of vouchers, areas of the map, tables behind charts.
import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { test } from "node:test";

import { contains, nameOf } from "../../grid_report/static/js/lib/areas.mjs";
import { legendLines, read } from "../../grid_report/static/js/lib/figures.mjs";
import { hmac, sha256 } from "../../grid_report/static/js/lib/hmac.mjs";
import { codeDigits, codeText, digitsUntil } from "../../grid_report/static/js/lib/voucher-code.mjs";

const SECRET = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

test("SHA-256 is SHA-256 at every length around its blocks", () => {
  for (let length = 0; length < 200; length += 1) {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 7 + length) & 255);
    assert.equal(Buffer.from(sha256(bytes)).toString("hex"), createHash("sha256").update(bytes).digest("hex"), `${length}`);
  }
});

test("HMAC is HMAC for keys up to a block", () => {
  for (const length of [0, 1, 20, 32, 64]) {
    const key = Uint8Array.from({ length }, (_, i) => i + 1);
    for (const said of ["", "GR1.R-1.2", "x".repeat(100)]) {
      assert.equal(Buffer.from(hmac(key, said)).toString("hex"), createHmac("sha256", key).update(said).digest("hex"));
    }
  }
});

test("a voucher's code turns every thirty seconds, its digits every five minutes", () => {
  assert.equal(codeText("R-1", SECRET, 59.9), codeText("R-1", SECRET, 30));
  assert.notEqual(codeText("R-1", SECRET, 60), codeText("R-1", SECRET, 59.9));
  assert.match(codeText("R-1", SECRET, 90), /^GR1\.R-1\.3\.[A-Z2-7]{16}$/);
  assert.equal(codeDigits("R-1", SECRET, 599.9), codeDigits("R-1", SECRET, 300));
  assert.notEqual(codeDigits("R-1", SECRET, 600), codeDigits("R-1", SECRET, 599.9));
});

test("digits are always six, and good for a step after their own", () => {
  for (let at = 0; at < 300 * 400; at += 300) assert.match(codeDigits("R-1", SECRET, at), /^\d{6}$/);
  assert.equal(digitsUntil(0), 600);
  assert.equal(digitsUntil(299.9), 600);
  assert.equal(digitsUntil(300), 900);
});

const SQUARE = [[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]];
const HOLE = [[4, 4], [6, 4], [6, 6], [4, 6], [4, 4]];
const FAR = [[20, 0], [30, 0], [20, 10], [20, 0]];

test("an area holds what lies inside its ring and in no hole", () => {
  const area = { type: "Polygon", coordinates: [SQUARE, HOLE] };
  assert.equal(contains(area, 1, 1), true);
  assert.equal(contains(area, 9, 2), true);
  assert.equal(contains(area, 5, 5), false);
  assert.equal(contains(area, 11, 5), false);
  assert.equal(contains(area, -1, 5), false);
  assert.equal(contains(area, 5, 11), false);
});

test("an area of several parts holds what one of them holds", () => {
  const area = { type: "MultiPolygon", coordinates: [[SQUARE, HOLE], [FAR]] };
  assert.equal(contains(area, 1, 1), true);
  assert.equal(contains(area, 21, 1), true);
  assert.equal(contains(area, 29, 9), false); // beyond the slope
  assert.equal(contains(area, 5, 5), false);
  assert.equal(contains(area, 15, 5), false);
});

test("what is no area holds nothing and has no name", () => {
  assert.equal(contains({ type: "Point", coordinates: [1, 1] }, 1, 1), false);
  assert.equal(nameOf(undefined), "");
  assert.equal(nameOf({ properties: {} }), "");
  assert.equal(nameOf({ properties: { name: "北门" } }), "北门");
});

const cell = (textContent, dataset = {}) => ({ textContent, dataset });
const table = (head, ...rows) => ({
  tHead: { rows: [{ cells: head.map((one) => cell(one)) }] },
  tBodies: [{ rows }],
});

test("a table's first column names the rows, the others are series", () => {
  const rows = [
    { cells: [cell(" 10月 "), cell("3"), cell("多少", { value: "4.5" })], dataset: {} },
    { cells: [cell("十一月", { label: "11月" }), cell("–"), cell("")], dataset: { mark: "新办法" } },
    { cells: [cell("12月"), cell("0"), cell("1")], dataset: {} },
  ];
  assert.deepEqual(read(table(["月", "上报", "办结"], ...rows)), {
    labels: ["10月", "11月", "12月"],
    marks: [{ at: 1, words: "新办法" }],
    series: [{ name: "上报", data: [3, null, 0] }, { name: "办结", data: [4.5, null, 1] }],
  });
});

const names = (...all) => all.map((name) => ({ name }));

test("names of series take as many lines as they need", () => {
  assert.equal(legendLines(names("上报"), 12, 400), 1);
  assert.equal(legendLines(names("上报", "办结"), 12, 147), 2); // 74 pixels each
  assert.equal(legendLines(names("上报", "办结"), 12, 148), 1);
  assert.equal(legendLines(names("ab", "cd"), 10, 85), 1); // a Latin letter is about half as wide
  assert.equal(legendLines(names("ab", "cd"), 10, 84), 2);
});
