// Words that point to kinds: counted on the phone, the clear ones proposed and no others.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { features, learn, likely, matches } from "../../grid_report/static/js/lib/forms/likely.mjs";
import { readSheet } from "../../grid_report/static/sheet.mjs";

/** The shipped kinds, as the site sends them. */
function shipped(seen = {}) {
  const [head, ...rows] = readSheet(readFileSync(new URL("../../config/categories.csv", import.meta.url), "utf8"));
  const cell = (row, name) => row[head.indexOf(name)];
  return rows.map((row) => {
    const names = ["short_zh", "short_en", "name_zh", "name_en"].map((name) => cell(row, name));
    const more = ["synonyms_zh", "synonyms_en"].flatMap((name) => cell(row, name).split("|"));
    const code = cell(row, "code");
    return { code, words: [...new Set([...names, ...more])].filter(Boolean), seen: seen[code] ?? {} };
  });
}

const model = learn(shipped());
const two = (seen) => learn([{ code: "A", words: ["水管"], seen }, { code: "B", words: ["水沟"], seen: {} }]);

test("Chinese counts by characters and pairs of them, other words by three letters", () => {
  assert.deepEqual(features("坑洼 a1"), ["坑", "坑洼", "洼", " a "]);
  assert.deepEqual(features("Hole!"), [" ho", "hol", "ole", "le "]);
  assert.deepEqual(features("12 ，。"), []);
});

for (const [code, ...said] of [
  ["RD02", "路上有个坑", "坑坑洼洼的", "big pothole here"],
  ["UT01", "井盖没了", "马葫芦盖丢了", "manhole cover is missing"],
  ["RD04", "路面结冰很滑", "门口积雪没扫雪", "ice on the road, very slippery"],
  ["UT08", "路灯不亮", "street light is out"],
  ["FS05", "有人从窗户拉线给电瓶充电"],
  ["UT02", "闻到煤气味"],
  ["EN01", "垃圾桶满了好几天", "rubbish everywhere"],
  ["FS04", "电动车推进电梯了"],
  ["BD02", "房檐挂着冰溜子"],
  ["PS05", "有条大狗没拴绳", "stray dog"],
]) {
  test(`what riders say points to ${code}`, () => {
    for (const words of said) assert.equal(likely(model, words), code, words);
  });
}

test("what points nowhere, or to several, proposes nothing", () => {
  for (const words of ["", "  ", "你好", "这里", "请尽快处理谢谢", "3号楼2单元", "有问题", "zzz", "水"]) assert.equal(likely(model, words), null, words);
  assert.equal(likely(learn([]), "坑"), null);
});

test("what the installation's reports taught counts beside the names", () => {
  assert.equal(likely(two({}), "水"), null);
  assert.equal(likely(two({ 水: 90 }), "水"), "A");
  // And takes nothing from words that are clear.
  assert.equal(likely(learn(shipped({ UT07: { 门: 90, 口: 90 } })), "门口路面坑洼"), "RD02");
});

test("a kind is found by any part of its words, and all that is typed has to be in them", () => {
  const hole = ["路面坑洼", "Pothole", "坑", "破路"];
  for (const wanted of ["坑", "POT", "坑 破", " ", ""]) assert.ok(matches(hole, wanted), wanted);
  for (const wanted of ["冰", "坑 冰", "potholes"]) assert.ok(!matches(hole, wanted), wanted);
});
