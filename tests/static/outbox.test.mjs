// What waits on the phone: its states, what answers mean for it, the sizes of pieces.
import assert from "node:assert/strict";
import { test } from "node:test";

import { classify, isOurs } from "../../grid_report/static/js/lib/outbox/answers.mjs";
import { answerOf } from "../../grid_report/static/js/lib/outbox/answers-of-case.mjs";
import { arrive, leave, noteUnsent, unsentOf, whoIsHere } from "../../grid_report/static/js/lib/outbox/hints.mjs";
import { newKey } from "../../grid_report/static/js/lib/outbox/keys.mjs";
import { nextSize } from "../../grid_report/static/js/lib/outbox/parts.mjs";
import { after, anew, changed, fresh, isDue, isPast, isUnsent, needsPerson, nextAt, pauseMs, percentOf } from "../../grid_report/static/js/lib/outbox/states.mjs";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const KB = 1024;
const NOW = 1_000_000_000;

const item = (more = {}) => ({ ...fresh({ id: "i1", member: "7", what: "report", fields: { category: "RD02" }, photos: [{ key: "p1", size: 100, type: "image/jpeg", name: "" }] }, NOW), ...more });
const ours = (status, { body, ...more } = {}) => ({ status, ...more, body: { code: "x", detail: "whole", ...body } });

test("what is put in is kept, and goes with the next attempt", () => {
  const it = item();
  assert.equal(it.state, "kept");
  assert.ok(isUnsent(it) && isDue(it, NOW) && !needsPerson(it));
  assert.deepEqual(it.photos[0], { ref: "", offset: 0, key: "p1", size: 100, type: "image/jpeg", name: "" });
});

test("without network it waits, longer each time, and at most a quarter of an hour", () => {
  let it = item();
  const waits = [];
  for (let n = 0; n < 9; n += 1) {
    it = after(it, { what: "network" }, NOW);
    waits.push(it.until - NOW);
  }
  assert.deepEqual(waits.slice(0, 4), [15_000, 30_000, MINUTE, 2 * MINUTE]);
  assert.equal(waits.at(-1), 15 * MINUTE);
  assert.equal(pauseMs(1000), 15 * MINUTE);
  assert.equal(it.state, "waiting");
  assert.ok(!isDue(it, it.until - 1) && isDue(it, it.until));
  assert.ok(isDue(it, NOW, { asked: true }));
  assert.equal(after(it, { what: "begun" }, NOW).state, "sending");
});

test("the limit is waited for even when somebody presses the button", () => {
  const it = after(item({ pauses: 4 }), { what: "limit", seconds: 600 }, NOW);
  assert.equal(it.until, NOW + 600_000);
  assert.ok(!isDue(it, NOW, { asked: true }) && isDue(it, NOW + 600_000));
  assert.equal(it.pauses, 0);
});

test("a server that says when is not asked before", () => {
  assert.equal(after(item(), { what: "server", seconds: 120 }, NOW).until, NOW + 120_000);
  assert.equal(after(item(), { what: "server", seconds: 1 }, NOW).until, NOW + 15_000);
});

test("a clock set back by a day makes nothing wait for a day", () => {
  const it = after(item(), { what: "limit", seconds: 600 }, NOW + 2 * DAY);
  assert.ok(isDue(it, NOW));
  const sent = after(item(), { what: "sent", number: "KY-1" }, NOW + 4 * DAY);
  assert.ok(isPast(sent, NOW));
});

test("sent, refused, already sent and signed out", () => {
  const sent = after(item({ pauses: 3, why: "network" }), { what: "sent", number: "KY-1" }, NOW);
  assert.deepEqual([sent.state, sent.number, sent.doneAt, sent.pauses, sent.why], ["sent", "KY-1", NOW, 0, ""]);
  assert.ok(!isUnsent(sent) && !isDue(sent, NOW, { asked: true }) && !isPast(sent, NOW + 2 * DAY) && isPast(sent, NOW + 2 * DAY + 1));
  const refused = after(item(), { what: "refused", why: "no-area", words: "Outside" }, NOW);
  assert.deepEqual([refused.state, refused.why, refused.words], ["refused", "no-area", "Outside"]);
  assert.ok(needsPerson(refused) && !isDue(refused, NOW, { asked: true }) && !isPast(refused, NOW + 9 * DAY));
  const already = after(item(), { what: "already", number: "KY-2" }, NOW);
  assert.ok(needsPerson(already) && already.number === "KY-2" && !isUnsent(already));
  const out = after(item(), { what: "sign-in" }, NOW);
  assert.ok(out.state === "kept" && needsPerson(out) && isDue(out, NOW));
});

test("how much has gone up; all of it is only what is answered", () => {
  const two = item({ photos: [{ size: 300, offset: 300 }, { size: 100, offset: 50 }] });
  assert.equal(percentOf(two), 87);
  assert.equal(percentOf(item({ photos: [{ size: 10, offset: 10 }] })), 99);
  assert.equal(percentOf(item({ photos: [] })), 0);
});

test("the next attempt is the soonest of those that wait", () => {
  assert.equal(nextAt([item()]), null);
  assert.equal(nextAt([item({ state: "waiting", until: 9 }), item({ state: "waiting", until: 5 }), item({ until: 1 })]), 5);
});

test("what is opened and changed keeps what has gone up of its photos", () => {
  const half = item({ state: "refused", words: "x", posted: 1, photos: [{ key: "p1", size: 100, ref: "u1", offset: 60 }] });
  const it = changed(half, { fields: { category: "RD03" }, title: "t", photos: [{ key: "p2", size: 5 }, { key: "p1", size: 100 }] });
  assert.deepEqual(it.photos.map(({ key, ref, offset }) => [key, ref, offset]), [["p2", "", 0], ["p1", "u1", 60]]);
  assert.deepEqual([it.state, it.words, it.version, it.posted, it.fields.category], ["kept", "", 2, 1, "RD03"]);
});

test("a report of its own has a key of its own, and photos that belong to nothing", () => {
  let n = 0;
  const it = anew(item({ state: "already", number: "KY-1", version: 3, posted: 2, photos: [{ key: "p1", size: 9, ref: "u1", offset: 9 }] }), () => `k${(n += 1)}`);
  assert.deepEqual([it.id, it.state, it.number, it.version, it.posted], ["k1", "kept", "", 1, 0]);
  assert.deepEqual(it.photos, [{ key: "k2", bytes: "p1", size: 9, ref: "", offset: 0 }]);
  assert.equal(anew(it, () => "z").photos[0].bytes, "p1");
});

test("what answers mean", () => {
  const cases = [
    [{ status: 0, body: null }, { what: "network" }],
    [ours(401), { what: "sign-in" }],
    [{ status: 200, body: null, redirected: true, url: "https://h/sign-in?next=/" }, { what: "sign-in" }],
    [ours(400, { body: { code: "form-expired" } }), { what: "token" }],
    [ours(400), { what: "refused", why: "x", words: "whole" }],
    [ours(403), { what: "refused", why: "x", words: "whole" }],
    [ours(404), { what: "refused", why: "x", words: "whole" }],
    [ours(409), { what: "refused", why: "x", words: "whole" }],
    [ours(413), { what: "refused", why: "x", words: "whole" }],
    [ours(422, { body: { errors: { lat: ["Outside the county"] } } }), { what: "refused", why: "x", words: "Outside the county" }],
    [ours(408), { what: "network" }],
    [ours(429, { retryAfter: "1800" }), { what: "limit", seconds: 1800 }],
    [ours(429, { retryAfter: "soon" }), { what: "limit", seconds: 60 }],
    [ours(429, { retryAfter: "99999999" }), { what: "limit", seconds: 86_400 }],
    [ours(503, { retryAfter: "5" }), { what: "server", seconds: 5 }],
    [ours(500), { what: "server", seconds: 0 }],
    // Somebody on the way.
    [{ status: 200, body: null }, { what: "portal" }],
    [{ status: 200, body: { welcome: 1 } }, { what: "portal" }],
    [{ status: 403, body: null }, { what: "portal" }],
    [{ status: 404, body: null }, { what: "portal" }],
    [{ status: 511, body: null }, { what: "server", seconds: 0 }],
    [{ status: 502, body: null }, { what: "server", seconds: 0 }],
    [{ status: 429, body: null, retryAfter: "7" }, { what: "server", seconds: 7 }],
    [{ status: 413, body: null }, { what: "refused", why: "on-the-way" }],
    [{ status: 415, body: null }, { what: "refused", why: "on-the-way" }],
  ];
  for (const [answer, meaning] of cases) assert.deepEqual(classify(answer), meaning, JSON.stringify(answer));
  assert.ok(!isOurs({ body: { code: 3, detail: "x" } }));
});

test("pieces grow where the network is quick, and are small where it is slow", () => {
  assert.deepEqual([nextSize(64 * KB, 100), nextSize(256 * KB, 100), nextSize(128 * KB, 5000), nextSize(256 * KB, 20_000)], [128 * KB, 256 * KB, 128 * KB, 64 * KB]);
});

test("keys are UUIDs with and without the browser's own", () => {
  const uuid = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;
  assert.match(newKey(), uuid);
  Object.defineProperty(crypto, "randomUUID", { value: undefined, configurable: true });
  assert.match(newKey(), uuid);
  assert.notEqual(newKey(), newKey());
  delete crypto.randomUUID;
});

test("whose phone it is, and what is known of them, lasts until they leave or another comes", () => {
  const kept = new Map();
  globalThis.localStorage = { getItem: (name) => kept.get(name) ?? null, setItem: (name, value) => kept.set(name, value) };
  assert.deepEqual(whoIsHere(), { member: "" });
  arrive("7", { position: "yes" });
  arrive("7");
  assert.deepEqual(whoIsHere(), { member: "7", position: "yes" });
  arrive("8");
  assert.deepEqual(whoIsHere(), { member: "8" });
  noteUnsent({ 7: 2, 8: 1 });
  assert.deepEqual([unsentOf("7"), unsentOf("9"), unsentOf()], [2, 0, 3]);
  leave();
  assert.deepEqual(whoIsHere(), { member: "" });
  globalThis.localStorage = { getItem: () => { throw new Error("refused"); }, setItem: () => { throw new Error("refused"); } };
  arrive("7");
  assert.deepEqual([whoIsHere(), unsentOf()], [{ member: "" }, 0]);
  delete globalThis.localStorage;
});

function form(values) {
  const data = new FormData();
  for (const [name, value] of Object.entries(values)) data.append(name, value);
  return data;
}

const at = (way) => `https://h/reports/KY-1/${way}`;

test("which forms of a case's page go through the queue, and when they are complete", () => {
  const photo = new File([new Uint8Array(3)], "a.jpg");
  const { files, ...answer } = answerOf(at("steps/supplement"), form({ csrf_token: "x", version: "3", note: " here ", photos: photo }));
  assert.deepEqual(answer, { what: "supplement", to: "KY-1", fields: { step: "supplement", note: "here" } });
  assert.equal(files[0].name, "a.jpg");
  assert.deepEqual(answerOf(at("steps/supplement"), form({ note: "", photos: photo })).fields, { step: "supplement" });
  assert.deepEqual(answerOf(at("steps/reopen"), form({ reason: "still there" })).fields, { step: "reopen", reason: "still there" });
  assert.deepEqual(answerOf(at("rating"), form({ solved: "1", satisfied: "0", words: "" })).fields, { solved: true, satisfied: false });
  assert.deepEqual(answerOf("https://h/my/points/object?report=KY-1", form({ words: " why " })), { what: "objection", files: [], fields: { report: "KY-1", words: "why" } });
  assert.deepEqual(answerOf("https://h/my/points/object?entry=7", form({ words: "w" })).fields, { entry: 7, words: "w" });
  assert.equal(answerOf("https://h/my/points/object?report=KY-1", form({ words: " " })), null);
  for (const [way, values] of [["steps/supplement", { note: " ", photos: new File([], "") }], ["rating", { solved: "1" }], ["steps/withdraw", { note: "x" }], ["steps/reopen", { note: "x" }]]) {
    assert.equal(answerOf(at(way), form(values)), null, way);
  }
});
