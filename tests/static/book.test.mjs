// The station's book: lines wait on the phone until the answer names them.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { lines, upload, write } from "../../grid_report/static/js/lib/book.mjs";

const PLACE = "grid-report-book";
let kept;
let posted;

beforeEach(() => {
  kept = new Map();
  posted = [];
  globalThis.localStorage = { getItem: (name) => kept.get(name) ?? null, setItem: (name, text) => kept.set(name, text) };
});

/** A server that takes what `takes` agrees to. */
function server(takes, ok = true) {
  globalThis.fetch = async (address, { body, headers }) => {
    const sent = JSON.parse(body).lines;
    posted.push({ address, headers, count: sent.length });
    return { ok, json: async () => ({ lines: sent.filter(takes).map(({ nonce }) => ({ nonce })) }) };
  };
}

test("a scan is written down with a name of its own", () => {
  assert.equal(write({ code: "123456" }), 1);
  assert.equal(write({ code: "123456" }), 2);
  const [first, second] = lines();
  assert.equal(first.code, "123456");
  assert.match(first.nonce, /^[0-9a-f]{32}$/);
  assert.notEqual(first.nonce, second.nonce);
  assert.ok(Math.abs(Date.parse(first.at) - Date.now()) < 60_000);
});

test("the same voucher twice is one line, whatever its code shows by then", () => {
  assert.equal(write({ qr: "GR1.R-1.100.AAAA" }), 1);
  assert.equal(write({ qr: "GR1.R-1.101.BBBB" }), 1);
  assert.equal(write({ qr: "GR1.R-2.101.CCCC" }), 2);
  assert.deepEqual(lines().map(({ qr }) => qr), ["GR1.R-1.100.AAAA", "GR1.R-2.101.CCCC"]);
});

test("a damaged book is an empty one", () => {
  kept.set(PLACE, "[{");
  assert.deepEqual(lines(), []);
});

test("lines go in twenties and leave when they are named", async () => {
  for (let i = 0; i < 45; i += 1) write({ code: String(i) });
  server(() => true);
  assert.equal(await upload("/book", "token"), 0);
  assert.deepEqual(posted.map(({ count }) => count), [20, 20, 5]);
  assert.equal(posted[0].address, "/book");
  assert.equal(posted[0].headers["X-CSRFToken"], "token");
  assert.deepEqual(lines(), []);
});

test("a line the answer does not name stays", async () => {
  write({ code: "1" });
  write({ code: "2" });
  server(({ code }) => code === "1");
  assert.equal(await upload("/book", "token"), 1);
  assert.deepEqual(lines().map(({ code }) => code), ["2"]);
});

test("a refusal keeps all lines and stops", async () => {
  for (let i = 0; i < 25; i += 1) write({ code: String(i) });
  server(() => true, false);
  assert.equal(await upload("/book", "token"), 25);
  assert.equal(posted.length, 1);
});

test("a line written while others go up stays", async () => {
  write({ code: "1" });
  globalThis.fetch = async (_address, { body }) => {
    write({ code: "2" });
    return { ok: true, json: async () => ({ lines: JSON.parse(body).lines }) };
  };
  assert.equal(await upload("/book", "token"), 1);
  assert.deepEqual(lines().map(({ code }) => code), ["2"]);
});
