import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import { columnsOf } from "../../grid_report/static/sheet.mjs";

const SIGNS = ["group_sign", "sign"];
const wanted = new Set(["flame", "plug"]);
const LINES = [["code", "tip", "group_sign", "sign"], ["FS05", "a, b; \"c\"\nd", "flame", "plug"], ["FS06", "", "flame", ""]];
const quoted = (cell) => `"${cell.replaceAll('"', '""')}"`;

for (const by of [",", ";", "\t", "，", "；"]) {
  test(`the signs of a file are found, whatever is between its cells: ${JSON.stringify(by)}`, () => {
    const text = LINES.map((line) => line.map(quoted).join(by)).join("\r\n");
    assert.deepEqual(columnsOf(text, SIGNS), wanted);
    assert.deepEqual(columnsOf(`sep=${by}\n${text}\n`, SIGNS), wanted);
  });
}

test("plain cells, and headers in capitals", () => {
  assert.deepEqual(columnsOf("Code,Sign\nFS05, plug \n", SIGNS), new Set(["plug"]));
});

test("a file without signs has none", () => {
  assert.deepEqual(columnsOf("code,name\nFS05,Charging\n", SIGNS), new Set());
});

test("the shipped file has one for each kind", async () => {
  const text = await readFile(new URL("../../config/categories.csv", import.meta.url), "utf8");
  assert.equal(columnsOf(text, ["sign"]).size, columnsOf(text, ["code"]).size);
});
