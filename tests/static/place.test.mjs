// Places: how far, which are near, what a scanned text means, which of two positions counts.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { compoundIn, farWords, fits, isApart, isThere, joined, metresBetween, nearest } from "../../grid_report/static/js/lib/forms/near.mjs";
import { place, taken } from "../../grid_report/static/js/lib/forms/place.mjs";
import { lastPlace, noteLast, spotsOf } from "../../grid_report/static/js/lib/forms/spots.mjs";
import { leave } from "../../grid_report/static/js/lib/outbox/hints.mjs";

const STATION = { lat: 42.546003, lng: 124.040818 };
const DAY_MS = 24 * 3600 * 1000;
const say = (name, { m } = {}) => `${m} ${name}`;
const at = (m) => ({ lat: 42 + m / 111195, lng: 124 });

/** A phone's store, which a private window may refuse. */
function store({ refuses = false } = {}) {
  const kept = new Map();
  globalThis.localStorage = {
    getItem: (name) => kept.get(name) ?? null,
    setItem: (name, value) => {
      if (refuses) throw new Error("full");
      kept.set(name, value);
    },
  };
}

beforeEach(() => store());

test("a distance is that of the earth, and said to ten metres", () => {
  assert.equal(Math.round(metresBetween(STATION, { lat: 42.546032, lng: 124.037074 })), 307);
  assert.equal(Math.round(metresBetween({ lat: 0, lng: 0 }, { lat: 0, lng: 1 })), 111195);
  assert.equal(metresBetween(STATION, STATION), 0);
  assert.deepEqual([3, 307, 994, 996, 2439].map((m) => farWords(m, say)), ["10 m", "310 m", "990 m", "1.0 km", "2.4 km"]);
});

test("the nearest come first, no more than wanted, none beyond reach", () => {
  const spots = [["far", 0.02], ["b", 0.001], ["a", -0.001], ["close", 0.0005]].map(([name, off]) => ({ name, lat: 42 + off, lng: 124 }));
  const here = { lat: 42, lng: 124 };
  assert.deepEqual(nearest(spots, here, 5).map(({ name }) => name), ["close", "a", "b", "far"]);
  assert.deepEqual(nearest(spots, here, 2).map(({ name }) => name), ["close", "a"]);
  assert.deepEqual(nearest(spots, here, 5, 100).map(({ name }) => name), ["close"]);
  assert.deepEqual(nearest([], here, 5), []);
});

test("more than 200 metres between phone and photo want a word", () => {
  assert.equal(isApart({ here: at(0), photo: at(199) }), false);
  assert.equal(isApart({ here: at(0), photo: at(201) }), true);
  assert.equal(isApart({ here: null, photo: at(900) }), false);
  assert.equal(isApart({ here: at(0), photo: null }), false);
});

test("until then an old photo counts for where it was taken, a fresh one for the phone", () => {
  const here = { lat: 1, lng: 1 };
  assert.equal(taken({ here, photo: { album: true } }), "photo");
  assert.equal(taken({ here, photo: { album: false } }), "here");
  assert.equal(taken({ here: null, photo: { album: false } }), "photo");
  assert.equal(taken({ here, photo: null }), "here");
  assert.equal(taken({ here: null, photo: null }), "");
});

test("a position stays beside a compound it may lie in", () => {
  assert.equal(fits(at(0), at(499)), true);
  assert.equal(fits(at(0), at(501)), false);
  assert.equal(fits(undefined, at(0)), false);
  assert.equal(fits(at(0), null), false);
});

test("a last place that left the lists is offered no more", () => {
  const listed = ["Y1", "S1"];
  assert.equal(isThere({ community: "S1", compound: "Y1" }, listed), true);
  assert.equal(isThere({ community: "S1", compound: "Y9" }, listed), false);
  assert.equal(isThere({ community: "S9", compound: "" }, listed), false);
  assert.equal(isThere({ community: "S1", compound: "" }, listed), true);
  assert.equal(isThere({ lat: "42.5", lng: "124" }, listed), true);
});

test("words are put behind one another, once, as far as there is room", () => {
  assert.equal(joined("", "北侧"), "北侧");
  assert.equal(joined("3号楼", "北侧"), "3号楼北侧");
  assert.equal(joined("Block 3 ", "north side"), "Block 3 north side");
  assert.equal(joined("3号楼北侧", "北侧"), "3号楼北侧");
  assert.equal(joined("长".repeat(199), "北侧"), "长".repeat(199));
});

test("a code at a gate is our address or the bare code, and of a compound that is known", () => {
  const known = ["211282001001-03"];
  for (const text of ["211282001001-03", " 211282001001-03\n", "https://grid.example/report/new?compound=211282001001-03", "http://h:1/p/report/new?a=b&compound=211282001001%2D03#x"]) {
    assert.equal(compoundIn(text, known), known[0], text);
  }
  for (const text of ["", "211282001001-04", "https://grid.example/?compound=211282001001-03", "/report/new?compound=%E0%A4%A", "/report/new?compound=%E0%A4", "/report/new#compound=211282001001-03"]) {
    assert.equal(compoundIn(text, known), "", text);
  }
});

test("where compounds are is asked once a day and known without network", async () => {
  const found = { compounds: { a: [1, 2] }, spots: [] };
  const asked = [];
  let answer = () => ({ ok: true, json: async () => found });
  globalThis.fetch = async (address) => {
    asked.push(address);
    return answer();
  };
  assert.deepEqual(await spotsOf("/spots", 1000), found);
  assert.deepEqual(await spotsOf("/spots", 999 + DAY_MS), found);
  assert.equal(asked.length, 1);
  answer = () => { throw new TypeError("no network"); };
  assert.deepEqual(await spotsOf("/spots", 1000 + DAY_MS), found);
  assert.equal(asked.length, 2);
  // A sign-in page in its place, a portal's page, a clock set back: what is kept stays.
  for (const other of [{ ok: false, json: async () => ({}) }, { ok: true, json: async () => { throw new SyntaxError("html"); } }]) {
    answer = () => other;
    assert.deepEqual(await spotsOf("/spots", 500), found);
  }
  store({ refuses: true });
  assert.deepEqual(await spotsOf("/spots", 1000), { compounds: {}, spots: [] });
});

test("the last place is one chosen by hand, its member's alone, and goes with the sign-out", () => {
  const chosen = { source: "list", lat: "", lng: "", community: "1", compound: "1-2", words: "园" };
  noteLast("7", chosen);
  assert.deepEqual(lastPlace("7"), { member: "7", community: "1", compound: "1-2", words: "园" });
  assert.equal(lastPlace("8"), null);
  assert.equal(lastPlace(""), null);
  // Where the phone was is asked anew, and never kept; a compound beside it is.
  noteLast("7", { ...chosen, source: "phone", compound: "", words: "站前" });
  assert.equal(lastPlace("7").words, "园");
  noteLast("7", { ...chosen, source: "phone", lat: "42.5", lng: "124.0" });
  assert.equal("lat" in lastPlace("7"), false);
  noteLast("7", { source: "pin", lat: "42.5", lng: "124.0", community: "", compound: "", words: "站前" });
  assert.deepEqual(lastPlace("7"), { member: "7", lat: "42.5", lng: "124.0", words: "站前" });
  leave();
  assert.equal(lastPlace("7"), null);
});

const select = (value, hear = () => undefined) => ({ value, get selectedOptions() { return this.value ? [{ textContent: this.value, parentElement: { dataset: {} } }] : []; }, querySelectorAll: () => [], addEventListener: (_, heard) => hear(heard), options: [] });

/** A form with nothing but fields, and the line over its button. */
function formWith(values, heard = {}) {
  const part = () => ({ textContent: "", dataset: {}, classList: { add() {}, remove() {}, toggle() {} }, addEventListener() {}, setAttribute() {}, querySelector: part, querySelectorAll: () => [] });
  const words = { text: "", short: "" };
  const line = { ...part(), querySelector: (asked) => ({ set textContent(said) { words[asked === "small" ? "short" : "text"] = said; } }) };
  globalThis.document = { querySelector: () => line };
  Object.defineProperty(globalThis, "navigator", { value: {}, configurable: true });
  const fields = Object.fromEntries(["lat", "lng", "source", "accuracy_m", "datum"].map((name) => [name, { value: values[name] ?? "" }]));
  const elements = { ...fields, community: select(values.community ?? "", (it) => { heard.community = it; }), compound: select(values.compound ?? "", (it) => { heard.compound = it; }), scanned: values.scanned };
  const form = { ...part(), elements, dataset: { position: "yes" }, querySelector: part };
  const where = place(form, { say: (name, { m } = {}) => (m ? `${m}${name}` : name), changed() {} });
  return { where, words, elements };
}

function seen(values) {
  const { where, words } = formWith(values);
  return [where.source(), words.text, words.short.replace(" · ", "")];
}

test("the line says what would be sent, from the first moment", () => {
  globalThis.fetch = async () => { throw new TypeError("no network"); };
  const spot = { lat: "42.5", lng: "124.0" };
  assert.deepEqual(seen({}), ["", "no_place", ""]);
  assert.deepEqual(seen({ ...spot, source: "phone", accuracy_m: "15" }), ["here", "here", "15m"]);
  assert.deepEqual(seen({ ...spot, source: "phone" }), ["photo", "from_photo", ""]);
  assert.deepEqual(seen({ ...spot, source: "pin" }), ["map", "from_map", ""]);
  assert.deepEqual(seen({ community: "站前", source: "list" }), ["list", "站前", "from_list"]);
  assert.deepEqual(seen({ community: "站前", compound: "园", source: "qr" }), ["qr", "站前 · 园", "from_qr"]);
  assert.deepEqual(seen({ community: "站前", compound: "园", scanned: "园" }), ["qr", "站前 · 园", "from_qr"]);
  assert.deepEqual(seen({ community: "站前", compound: "园", source: "list", scanned: "园" }), ["list", "站前 · 园", "from_list"]);
  assert.deepEqual(seen({ ...spot, accuracy_m: "15", community: "站前", compound: "园", source: "phone" }), ["here", "站前 · 园", "15m"]);
});

/** The same with lists somebody chooses from. */
function listen(values) {
  const heard = {};
  const made = formWith(values, heard);
  const change = (name, value) => {
    made.elements[name].value = value;
    heard[name]();
    return [made.where.source(), made.words.text, made.words.short.replace(" · ", "")];
  };
  return { ...made, change };
}

test("what is taken back in the lists is not said any more", () => {
  const list = listen({ community: "站前", compound: "园", source: "list" });
  assert.deepEqual(list.change("compound", ""), ["list", "站前", "from_list"]);
  assert.deepEqual(list.change("community", ""), ["", "choose_place", ""]);
  assert.deepEqual(list.elements.source.value, "");
  // Beside a position only the compound is taken back: the position is there still.
  const here = listen({ lat: "42.5", lng: "124.0", accuracy_m: "15", community: "站前", compound: "园", source: "phone" });
  assert.deepEqual(here.change("compound", ""), ["here", "here", "15m"]);
  assert.equal(here.elements.community.value, "");
  assert.equal(here.elements.lat.value, "42.5");
  assert.deepEqual(here.change("community", "站前"), ["list", "站前", "from_list"]);
  assert.equal(here.elements.lat.value, "");
});
