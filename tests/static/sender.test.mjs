// The sender against a site that answers as ours does, or as the world does: nothing lost, nothing twice.
import assert from "node:assert/strict";
import { test } from "node:test";

import { lineOf } from "../../grid_report/static/js/lib/outbox/line.mjs";
import { sha256 } from "../../grid_report/static/js/lib/outbox/parts.mjs";
import { requestOf, sendAll } from "../../grid_report/static/js/lib/outbox/sender.mjs";
import { changed, fresh } from "../../grid_report/static/js/lib/outbox/states.mjs";

const KB = 1024;
const NOW = 1_000_000_000;

/** The phone's store, in memory. */
function phone(...items) {
  const rows = new Map(items.map((item) => [item.id, item]));
  const bytes = new Map(items.flatMap((item) => item.photos.map((photo) => [photo.key, new Uint8Array(photo.size).fill(7).buffer])));
  return {
    rows, bytes,
    itemsOf: async (member) => [...rows.values()].filter((item) => member === undefined || item.member === member),
    async changeItem(id, change) {
      if (rows.has(id)) rows.set(id, change(rows.get(id)));
      return rows.get(id);
    },
    bytesOf: async (photo) => bytes.get(photo.bytes ?? photo.key),
    dropBytes: async (item) => item.photos.forEach((photo) => bytes.delete(photo.bytes ?? photo.key)),
    dropItem: async (item) => rows.delete(item.id),
  };
}

const report = (id, sizes = [], more = {}) => ({ ...fresh({ id, member: "7", what: "report", title: "t", fields: { category: "RD02", lat: "", description: "pit" }, photos: sizes.map((size, n) => ({ key: `${id}-p${n}`, size, type: "image/jpeg", name: "" })) }, NOW), ...more });

const json = (status, body, headers = {}) => new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json", ...headers } });
const refusal = (status, code, more = {}, headers = {}) => json(status, { code, detail: `${code}.`, ...more }, headers);
const page = (status = 200) => new Response("<html>", { status, headers: { "Content-Type": "text/html" } });

/** A site: `faults` are asked first, each { on: "POST /api…", nth, answer }; "after" lets the site do it and loses the answer. */
function site({ member = "7", faults = [] } = {}) {
  const world = { member, made: new Map(), uploads: new Map(), log: [], bodies: [], count: {}, sent: 0 };
  const tus = { "Tus-Resumable": "1.0.0" };
  function serve(method, path, headers, body) {
    if (path === "/session") return json(200, { member: world.member, token: world.member ? "tok" : "" });
    if (!world.member) return refusal(401, "sign-in-needed");
    if (method !== "GET" && method !== "HEAD" && headers["X-CSRFToken"] !== "tok") return refusal(400, "form-expired");
    const key = /^\/api\/v1\/keys\/(.+)$/.exec(path)?.[1];
    if (key) return world.made.has(key) ? json(200, { report: world.made.get(key), redemption: null }) : refusal(404, "not-found");
    if (path === "/api/v1/uploads") {
      const said = Object.fromEntries(headers["Upload-Metadata"].split(",").map((pair) => pair.split(" ")));
      const ref = `u-${atob(said.key)}`;
      if (!world.uploads.has(ref)) world.uploads.set(ref, { kept: 0, length: Number(headers["Upload-Length"]) });
      return new Response(null, { status: 201, headers: { ...tus, Location: `/api/v1/uploads/${ref}` } });
    }
    const ref = /^\/api\/v1\/uploads\/(.+)$/.exec(path)?.[1];
    if (ref) {
      const upload = world.uploads.get(ref);
      if (!upload) return refusal(404, "not-found", {}, tus);
      if (method === "HEAD") return new Response(null, { status: 200, headers: { ...tus, "Upload-Offset": String(upload.kept) } });
      if (Number(headers["Upload-Offset"]) !== upload.kept) return refusal(409, "upload-offset-wrong", {}, tus);
      upload.kept += body.byteLength;
      world.sent += body.byteLength;
      return new Response(null, { status: 204, headers: { ...tus, "Upload-Offset": String(upload.kept) } });
    }
    const id = headers["Idempotency-Key"];
    const refs = path === "/api/v1/reports" ? body.getAll("uploads") : JSON.parse(body).uploads;
    if (refs.some((one) => world.uploads.get(one)?.kept !== world.uploads.get(one)?.length || !world.uploads.has(one))) return refusal(422, "invalid", { errors: { uploads: ["gone"] } });
    if (!world.made.has(id)) world.made.set(id, `KY-${world.made.size + 1}`);
    return json(201, { number: world.made.get(id) });
  }
  world.fetch = async (path, { method, headers, body }) => {
    const name = `${method} ${path.replace(/(keys|uploads)\/.+/, "$1/…")}`;
    world.log.push(name);
    world.bodies.push(body);
    world.count[name] = (world.count[name] ?? 0) + 1;
    const fault = faults.find((one) => one.on === name && (one.nth ?? world.count[name]) === world.count[name]);
    if (fault && !fault.after) return fault.answer();
    const answer = serve(method, path, headers, body);
    return fault ? fault.answer() : answer;
  };
  return world;
}

const hurt = () => refusal(460, "upload-checksum-wrong", {}, { "Tus-Resumable": "1.0.0" });
const lost = () => { throw new TypeError("no network"); };

function go(store, world, { now = () => NOW, ...more } = {}) {
  let n = 0;
  return sendAll({ store, ask: lineOf(world.fetch), digest: sha256, now, makeKey: () => `new${(n += 1)}`, ...more });
}

test("a report with two photos: asked for first, sent in pieces, named by the small request", async () => {
  const store = phone(report("a", [100 * KB, 10 * KB]));
  const world = site();
  await go(store, world);
  assert.deepEqual(world.log, [
    "GET /session", "GET /api/v1/keys/…", "POST /api/v1/uploads", "HEAD /api/v1/uploads/…", "PATCH /api/v1/uploads/…", "PATCH /api/v1/uploads/…",
    "POST /api/v1/uploads", "HEAD /api/v1/uploads/…", "PATCH /api/v1/uploads/…", "POST /api/v1/reports",
  ]);
  const said = world.bodies.at(-1);
  assert.deepEqual([...said.keys()], ["category", "description", "uploads", "uploads"]); // what is empty is not said
  assert.deepEqual(said.getAll("uploads"), ["u-a-p0", "u-a-p1"]);
  const it = store.rows.get("a");
  assert.deepEqual([it.state, it.number], ["sent", "KY-1"]);
  assert.equal(store.bytes.size, 0);
});

test("nothing waits: nobody is asked", async () => {
  const world = site();
  await go(phone(report("a", [], { state: "refused" })), world);
  assert.deepEqual(world.log, []);
});

test("cut off in the middle it goes on where it was, and no byte that arrived is sent again", async () => {
  const store = phone(report("a", [300 * KB]));
  const world = site({ faults: [{ on: "PATCH /api/v1/uploads/…", nth: 3, answer: lost }] });
  await go(store, world);
  const cut = store.rows.get("a");
  assert.deepEqual([cut.state, cut.why, cut.photos[0].offset], ["waiting", "network", 192 * KB]);
  await go(store, world, { asked: true });
  assert.equal(store.rows.get("a").state, "sent");
  assert.equal(world.sent, 300 * KB);
});

test("a piece that arrived and whose answer was lost is not sent again", async () => {
  const store = phone(report("a", [100 * KB]));
  const world = site({ faults: [{ on: "PATCH /api/v1/uploads/…", nth: 1, after: true, answer: lost }] });
  await go(store, world);
  await go(store, world, { asked: true });
  assert.deepEqual([store.rows.get("a").state, world.sent], ["sent", 100 * KB]);
});

test("of photos that have arrived nothing is asked again, however often the rest is tried", async () => {
  const store = phone(report("a", [10 * KB, 20 * KB, 30 * KB]));
  const world = site({ faults: [{ on: "POST /api/v1/reports", nth: 1, answer: lost }, { on: "POST /api/v1/reports", nth: 2, answer: lost }] });
  await go(store, world);
  await go(store, world, { asked: true });
  world.log.length = 0;
  await go(store, world, { asked: true });
  assert.deepEqual(world.log, ["GET /session", "GET /api/v1/keys/…", "POST /api/v1/reports"]);
  assert.deepEqual([store.rows.get("a").state, world.sent], ["sent", 60 * KB]);
});

test("a report that arrived and whose answer was lost is the one it was", async () => {
  for (const answer of [lost, page, () => page(502), () => new Response('{"numb', { status: 201, headers: { "Content-Type": "application/json" } })]) {
    const store = phone(report("a"));
    const world = site({ faults: [{ on: "POST /api/v1/reports", after: true, answer }] });
    await go(store, world);
    assert.equal(store.rows.get("a").state, "waiting");
    await go(store, world, { asked: true });
    assert.deepEqual([store.rows.get("a").state, store.rows.get("a").number, world.made.size], ["sent", "KY-1", 1]);
    assert.equal(world.count["POST /api/v1/reports"], 1);
  }
});

test("sent before, with words added since: a person says what becomes of it", async () => {
  const store = phone(report("a"));
  const world = site({ faults: [{ on: "POST /api/v1/reports", nth: 1, after: true, answer: lost }] });
  await go(store, world);
  store.rows.set("a", changed(store.rows.get("a"), { fields: { category: "RD02", description: "two pits" }, photos: [], title: "t" }));
  await go(store, world);
  assert.deepEqual([store.rows.get("a").state, store.rows.get("a").number], ["already", "KY-1"]);
  // So is a draft of before, whose key arrived by the form.
  const old = phone(report("b"));
  world.made.set("b", "KY-9");
  await go(old, world);
  assert.deepEqual([old.rows.get("b").state, old.rows.get("b").number], ["already", "KY-9"]);
});

test("signed out: everything is kept and asks for it; with the sign-in it goes", async () => {
  const store = phone(report("a"), report("b"));
  const world = site({ member: "" });
  await go(store, world);
  for (const id of ["a", "b"]) assert.deepEqual([store.rows.get(id).state, store.rows.get(id).why], ["kept", "sign-in"]);
  assert.deepEqual(world.log, ["GET /session"]);
  world.member = "7";
  await go(store, world);
  assert.equal(store.rows.get("b").state, "sent");
});

test("the sign-in lost in the middle keeps what is there", async () => {
  const store = phone(report("a", [10 * KB]), report("b"));
  const world = site();
  world.fetch = ((real) => async (path, init) => {
    if (path === "/api/v1/reports") world.member = "";
    return real(path, init);
  })(world.fetch);
  await go(store, world);
  for (const id of ["a", "b"]) assert.deepEqual([store.rows.get(id).state, store.rows.get(id).why], ["kept", "sign-in"]);
  assert.equal(world.made.size, 0);
});

test("a form's token that is too old is asked for anew, once", async () => {
  const store = phone(report("a", [10]));
  const world = site({ faults: [{ on: "POST /api/v1/uploads", nth: 1, answer: () => refusal(400, "form-expired") }] });
  await go(store, world);
  assert.deepEqual([store.rows.get("a").state, world.count["GET /session"]], ["sent", 2]);
  const never = phone(report("b", [10]));
  await go(never, site({ faults: [{ on: "POST /api/v1/uploads", answer: () => refusal(400, "form-expired") }] }));
  assert.deepEqual([never.rows.get("b").state, never.rows.get("b").why], ["kept", "sign-in"]);
});

test("another member's things are neither sent nor touched", async () => {
  const other = report("b", [], { member: "8" });
  const store = phone(report("a"), other);
  const world = site();
  await go(store, world);
  assert.equal(store.rows.get("a").state, "sent");
  assert.equal(store.rows.get("b"), other);
});

test("a refusal is said with its sentence, and the others go on", async () => {
  const store = phone(report("a"), report("b"));
  await go(store, site({ faults: [{ on: "POST /api/v1/reports", nth: 1, answer: () => refusal(422, "invalid", { errors: { lat: ["Outside"] } }) }] }));
  assert.deepEqual([store.rows.get("a").state, store.rows.get("a").words, store.rows.get("b").state], ["refused", "Outside", "sent"]);
});

test("over the limit one waits and the emergency behind it goes", async () => {
  const store = phone(report("a"), report("b"));
  const world = site({ faults: [{ on: "POST /api/v1/reports", nth: 1, answer: () => refusal(429, "too-many-reports", {}, { "Retry-After": "900" }) }] });
  await go(store, world);
  assert.deepEqual([store.rows.get("a").why, store.rows.get("a").until, store.rows.get("b").state], ["limit", NOW + 900_000, "sent"]);
  await go(store, world, { asked: true });
  assert.equal(store.rows.get("a").state, "waiting");
  await go(store, world, { now: () => NOW + 900_000 });
  assert.equal(store.rows.get("a").state, "sent");
});

test("a captive portal is told apart, everything waits, and it is tried again", async () => {
  const store = phone(report("a"), report("b"));
  const world = site({ faults: [{ on: "GET /session", nth: 1, answer: page }] });
  await go(store, world);
  for (const id of ["a", "b"]) assert.equal(store.rows.get(id).why, "portal");
  await go(store, world, { now: () => NOW + 15_000 });
  assert.equal(world.made.size, 2);
});

test("a photo swept at the site, or used for something else, is sent anew under another key", async () => {
  const store = phone(report("a", [10 * KB]));
  const world = site({ faults: [{ on: "POST /api/v1/reports", nth: 1, answer: () => refusal(422, "invalid", { errors: { uploads: ["used"] } }) }] });
  await go(store, world);
  assert.deepEqual([store.rows.get("a").state, store.rows.get("a").photos[0].key, store.rows.get("a").photos[0].bytes], ["sent", "new1", "a-p0"]);
  const gone = phone(report("b", [10 * KB], {}));
  gone.rows.get("b").photos[0].ref = "u-old";
  await go(gone, site());
  assert.equal(gone.rows.get("b").state, "sent");
  const never = phone(report("c", [10]));
  await go(never, site({ faults: [{ on: "POST /api/v1/reports", answer: () => refusal(422, "invalid", { errors: { uploads: ["used"] } }) }] }));
  assert.deepEqual([never.rows.get("c").state, never.rows.get("c").words], ["refused", "used"]);
});

test("bytes hurt on their way are sent again, but not for ever", async () => {
  const store = phone(report("a", [10]));
  await go(store, site({ faults: [{ on: "PATCH /api/v1/uploads/…", nth: 1, answer: hurt }] }));
  assert.equal(store.rows.get("a").state, "sent");
  const never = phone(report("b", [10]));
  await go(never, site({ faults: [{ on: "PATCH /api/v1/uploads/…", answer: hurt }] }));
  assert.deepEqual([never.rows.get("b").state, never.rows.get("b").why], ["waiting", "server"]);
});

test("a photo the browser cleared is named; nothing is sent without it", async () => {
  const store = phone(report("a", [10]));
  store.bytes.clear();
  const world = site();
  await go(store, world);
  assert.deepEqual([store.rows.get("a").state, store.rows.get("a").why, world.made.size], ["refused", "photo-gone", 0]);
});

test("a page that lost the right to send stops", async () => {
  const store = phone(report("a"), report("b"));
  let left = 1;
  await go(store, site(), { mine: () => (left -= 1) >= 0 });
  assert.deepEqual([store.rows.get("a").state, store.rows.get("b").state], ["sent", "kept"]);
});

test("what was deleted meanwhile is not sent", async () => {
  const store = phone(report("a"));
  const items = await store.itemsOf();
  store.itemsOf = async () => items;
  store.rows.clear();
  const world = site();
  await go(store, world);
  assert.equal(world.made.size, 0);
});

const of = (what, fields, photos = []) => requestOf({ what, to: "KY-1", fields, photos });

test("supplements and ratings are requests of their own", () => {
  assert.deepEqual(of("supplement", { step: "supplement", note: "n" }, [{ ref: "u" }]), { path: "/api/v1/reports/KY-1/steps", headers: { "Content-Type": "application/json" }, body: '{"step":"supplement","note":"n","uploads":["u"]}' });
  assert.deepEqual(of("rating", { solved: true, satisfied: false }).path, "/api/v1/reports/KY-1/rating");
  assert.equal(of("rating", { solved: true, satisfied: false }).body, '{"solved":true,"satisfied":false}');
});

test("an objection is answered with an id of its own, and nothing else is taken for it", async () => {
  assert.deepEqual(of("objection", { report: "KY-1", words: "w" }), { path: "/api/v1/me/points/objections", headers: { "Content-Type": "application/json" }, body: '{"report":"KY-1","words":"w"}' });
  for (const [answer, state] of [[json(201, { id: 5 }), "sent 5"], [json(200, { welcome: 1 }), "waiting "]]) {
    const store = phone(report("a", [], { what: "objection", fields: { report: "KY-1", words: "w" } }));
    const world = site({ faults: [{ on: "POST /api/v1/me/points/objections", answer: () => answer }] });
    await go(store, world);
    assert.equal(`${store.rows.get("a").state} ${store.rows.get("a").number}`, state);
    assert.equal(world.count["GET /api/v1/keys/…"], undefined); // its key is the decision
  }
});

test("a line that stalls is given up", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const asked = lineOf((_, { signal }) => new Promise((_done, fail) => signal.addEventListener("abort", () => fail(new Error("stall")))))("/x", { patienceMs: 50 });
  t.mock.timers.tick(50);
  assert.equal((await asked).status, 0);
});

test("refusals come in the language of the page, and a browser's own without one", async () => {
  const heard = [];
  const hear = async (_, { headers }) => {
    heard.push(headers["Accept-Language"]);
    return json(200, {});
  };
  await lineOf(hear, "en")("/x");
  await lineOf(hear)("/x");
  assert.deepEqual(heard, ["en", undefined]);
});
