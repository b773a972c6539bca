// The service worker in a small world of its own: what it keeps, shows and lets go.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import vm from "node:vm";

import * as esbuild from "esbuild";

// As phones get it: one classic script.
const { outputFiles: [{ text: SCRIPT }] } = esbuild.buildSync({
  entryPoints: [fileURLToPath(new URL("../../grid_report/static/js/sw.mjs", import.meta.url))], bundle: true, format: "iife", target: "es2019", write: false,
});
const HOST = "https://grid.example";
const pathOf = (asked) => new URL(typeof asked === "string" ? asked : asked.url, HOST).pathname;

/** Storage as browsers have it, by path. */
class Cache {
  files = new Map();
  async put(path, response) { this.files.set(pathOf(path), response); }
  async match(path) { return this.files.get(pathOf(path))?.clone(); }
  async delete(path) { return this.files.delete(pathOf(path)); }
  async keys() { return [...this.files.keys()].map((path) => ({ url: HOST + path })); }
}

/** Start the worker in front of a network: { path: Response or a function that makes one }. */
function worker(network) {
  const stores = new Map();
  const listeners = {};
  const asked = [];
  const caches = {
    keys: async () => [...stores.keys()],
    open: async (name) => stores.get(name) ?? stores.set(name, new Cache()).get(name),
    delete: async (name) => stores.delete(name),
    async match(path) {
      for (const store of stores.values()) {
        const found = await store.match(path);
        if (found) return found;
      }
      return undefined;
    },
  };
  const world = {
    BUILD: "b1",
    URL, Headers, Response, Date, console,
    setTimeout: (work) => setTimeout(work, 5), // nobody's patience is tried here
    caches,
    fetch: async (request) => {
      const path = pathOf(request);
      asked.push(path);
      const answer = network[path];
      if (!answer) throw new TypeError("no network");
      return typeof answer === "function" ? answer() : answer.clone();
    },
    self: {
      registration: { scope: `${HOST}/` },
      location: { origin: HOST },
      clients: { claim: async () => undefined },
      skipWaiting: () => undefined,
      addEventListener: (name, heard) => { listeners[name] = heard; },
    },
  };
  vm.runInNewContext(SCRIPT, world);
  async function happens(name, facts) {
    const waits = [];
    let answer;
    listeners[name]({ ...facts, waitUntil: (work) => waits.push(work), respondWith: (given) => { answer = given; } });
    const said = await answer;
    await Promise.all(waits);
    return said;
  }
  return {
    asked,
    stores,
    visit: (path, more) => happens("fetch", { request: { method: "GET", mode: "navigate", url: HOST + path, ...more } }),
    load: (path) => happens("fetch", { request: { method: "GET", mode: "no-cors", url: HOST + path } }),
    keep: (paths, again = false) => happens("message", { data: { keep: paths, again } }),
    only: (keeper) => happens("message", { data: { only: keeper } }),
    shell: (looks) => happens("message", { data: { shell: looks } }),
    map: () => happens("message", { data: { map: true } }),
    activate: () => happens("activate", {}),
    pages: () => [...stores.values()].flatMap((store) => [...store.files.keys()]).sort(),
  };
}

const html = (body, headers = {}) => new Response(`<html lang="zh">${body}`, { headers });
const owned = (body, owner = "7") => html(body, { "X-Keep-Offline": owner, "Set-Cookie": "s=1" });
const OFFLINE = html('<ul></ul><p data-kept-list hidden></p>');
const CODE = new Response('import"./chunk-1.js";');
const CHUNK = new Response("1");
const FILES = { "/offline": OFFLINE, "/static/build/voucher-1.js": CODE, "/static/build/chunk-1.js": CHUNK };
const VOUCHER = '<title>洗车 · 移动网格员</title><script src="/static/build/voucher-1.js"></script>';

test("a page the server lets keep is kept with all it needs", async () => {
  const { visit, pages, stores } = worker({ ...FILES, "/my/services/R-1": owned(VOUCHER) });
  assert.equal((await visit("/my/services/R-1")).status, 200);
  assert.deepEqual([...stores.keys()], ["kept-7"]);
  assert.deepEqual(pages(), ["/my/services/R-1", "/offline", "/static/build/chunk-1.js", "/static/build/voucher-1.js"]);
});

test("nothing else is kept: other pages, other words of the server, posts", async () => {
  const { visit, pages } = worker({ ...FILES, "/my": owned("x"), "/my/services/R-1": html("x") });
  await visit("/my");
  await visit("/my/services/R-1");
  assert.equal(await visit("/my/services/R-1", { method: "POST" }), undefined);
  assert.deepEqual(pages(), []);
});

test("without network the kept page says that it is kept, and how old", async () => {
  const now = Date.now() / 1000;
  const body = `${VOUCHER}<p data-kept="today" hidden><p data-kept="older" hidden><i data-made="${now}" data-now="${now}" data-day-ends="${now + 600}">`;
  const network = { ...FILES, "/my/cards/R-1": owned(body) };
  const { visit } = worker(network);
  await visit("/my/cards/R-1");
  delete network["/my/cards/R-1"];
  const text = await (await visit("/my/cards/R-1")).text();
  assert.match(text, /^<html data-is-kept lang/);
  assert.match(text, /data-kept="today">/);
  assert.match(text, /data-kept="older" hidden/);
  const then = Number(/data-now="([\d.]+)"/.exec(text)[1]);
  assert.ok(then >= now && then < now + 60, `${then - now}`);
});

test("a page kept yesterday says so", async () => {
  const network = { ...FILES, "/my/cards/R-1": owned('<p data-kept="today" hidden><p data-kept="older" hidden><i data-made="9" data-day-ends="9">') };
  const { visit } = worker(network);
  await visit("/my/cards/R-1");
  delete network["/my/cards/R-1"];
  const text = await (await visit("/my/cards/R-1")).text();
  assert.match(text, /data-kept="today" hidden/);
  assert.match(text, /data-kept="older">/);
});

test("a gateway's error and a network too slow give way to the kept page", async () => {
  const network = { ...FILES, "/my/services/R-1": owned(VOUCHER) };
  const { visit } = worker(network);
  await visit("/my/services/R-1");
  for (const answer of [() => new Response("bad", { status: 502 }), () => new Promise((done) => setTimeout(() => done(html("late")), 60))]) {
    network["/my/services/R-1"] = answer;
    const text = await (await visit("/my/services/R-1")).text();
    assert.match(text, /data-is-kept/);
    assert.match(text, /洗车/);
    network["/my/services/R-1"] = owned(VOUCHER);
    await visit("/my/services/R-1");
  }
});

test("an error of the site itself is shown, and the kept page stays", async () => {
  const network = { ...FILES, "/my/services/R-1": owned(VOUCHER) };
  const { visit, pages } = worker(network);
  await visit("/my/services/R-1");
  network["/my/services/R-1"] = new Response("oh", { status: 500 });
  assert.equal((await visit("/my/services/R-1")).status, 500);
  assert.ok(pages().includes("/my/services/R-1"));
});

for (const [why, answer] of [["handed out", html("used")], ["not theirs", new Response("", { status: 403 })], ["gone", new Response("", { status: 404 })]]) {
  test(`what is ${why} is let go, with the files only it needed`, async () => {
    const network = { ...FILES, "/my/services/R-1": owned(VOUCHER), "/my/services/R-2": owned("two") };
    const { visit, pages } = worker(network);
    await visit("/my/services/R-1");
    await visit("/my/services/R-2");
    network["/my/services/R-1"] = answer;
    await visit("/my/services/R-1");
    assert.deepEqual(pages(), ["/my/services/R-2", "/offline"]);
  });
}

test("the next person's page takes away what was the last one's", async () => {
  const { visit, stores, pages } = worker({ ...FILES, "/my/services/R-1": owned("a", "7"), "/my/services/R-2": owned("b", "8") });
  await visit("/my/services/R-1");
  await visit("/my/services/R-2");
  assert.deepEqual([...stores.keys()], ["kept-8"]);
  assert.deepEqual(pages(), ["/my/services/R-2", "/offline"]);
});

test("twenty pages are kept, the newest", async (t) => {
  let now = 1_000_000;
  t.mock.method(Date, "now", () => (now += 10_000));
  const names = Array.from({ length: 22 }, (_, i) => `/my/services/R-${String(i + 10)}`);
  const { visit, pages } = worker({ ...FILES, ...Object.fromEntries(names.map((name) => [name, owned(name)])) });
  for (const name of names) await visit(name);
  assert.deepEqual(pages(), [...names.slice(2), "/offline"]);
});

test("a page may ask to be kept, but only one of those that can be, and not again at once", async (t) => {
  let now = 1_000_000;
  t.mock.method(Date, "now", () => now);
  const { keep, asked, pages } = worker({ ...FILES, "/my/services/R-1": owned("a"), "/my/reports": owned("b") });
  await keep(["/my/services/R-1", "/my/reports", "https://elsewhere.example/my/services/R-2"]);
  assert.deepEqual(pages(), ["/my/services/R-1", "/offline"]);
  const before = asked.length;
  await keep(["/my/services/R-1"], true); // kept a moment ago
  assert.equal(asked.length, before);
  now += 5001;
  await keep(["/my/services/R-1"]);
  assert.equal(asked.length, before); // a list of pages asks for the missing ones only
  await keep(["/my/services/R-1"], true);
  assert.equal(asked[before], "/my/services/R-1");
});

test("files with a hash come from what is kept, others from the network first", async () => {
  const network = { ...FILES, "/static/icon.svg": new Response("new"), "/my/services/R-1": owned(`${VOUCHER}<img src="/static/icon.svg">`) };
  const { visit, load, asked } = worker(network);
  await visit("/my/services/R-1");
  const before = asked.length;
  await load("/static/build/chunk-1.js");
  assert.equal(asked.length, before);
  network["/static/icon.svg"] = new Response("newer");
  assert.equal(await (await load("/static/icon.svg")).text(), "newer");
  delete network["/static/icon.svg"];
  assert.equal(await (await load("/static/icon.svg")).text(), "new");
});

test("without network and without the page, the way to what is kept is shown", async () => {
  const network = { ...FILES, "/my/services/R-1": owned(VOUCHER) };
  const { visit } = worker(network);
  await visit("/my/services/R-1");
  const text = await (await visit("/reports/new")).text();
  assert.match(text, /<a class="card-row" href="\/my\/services\/R-1">.*洗车<small>R-1<\/small>/);
  assert.match(text, /data-kept-list>/);
});

test("with nothing kept there is only the browser's own page", async () => {
  const { visit } = worker({});
  assert.equal((await visit("/reports/new")).type, "error");
});

test("after a new build the kept pages come in its looks", async () => {
  const network = { ...FILES, "/my/services/R-1": owned("old") };
  const { visit, activate, asked, stores } = worker(network);
  await visit("/my/services/R-1");
  asked.length = 0;
  await activate();
  assert.deepEqual(asked, []); // of this very build
  const store = stores.get("kept-7");
  const kept = await store.match("/my/services/R-1");
  const headers = new Headers(kept.headers);
  assert.equal(headers.get("Set-Cookie"), null);
  headers.set("X-Kept-Build", "b0");
  await store.put("/my/services/R-1", new Response("old", { headers }));
  network["/my/services/R-1"] = owned("new looks");
  await activate();
  assert.match(await (await store.match("/my/services/R-1")).text(), /new looks/);
});

const SHELL = html('form <script src="/static/build/report-1.js"></script>', { "X-Keep-Shell": "1" });
const FORM = { ...FILES, "/report/shell": SHELL, "/static/build/report-1.js": new Response('const it=()=>import("./chunk-2.js");'), "/static/build/chunk-2.js": new Response("2") };

test("the empty form is kept with all it needs, also what it fetches later", async () => {
  const { shell, pages, stores, visit } = worker({ ...FORM });
  await shell("light");
  assert.deepEqual([...stores.keys()], ["shell"]);
  assert.deepEqual(pages(), ["/offline", "/report/shell", "/static/build/chunk-2.js", "/static/build/report-1.js"]);
  assert.match(await (await visit("/report/new")).text(), /form/);
});

test("without network, or with one too slow, the form opens; the address may say more", async () => {
  const network = { ...FORM, "/report/new": html("real") };
  const { shell, visit } = worker(network);
  await shell("light");
  assert.match(await (await visit("/report/new")).text(), /real/);
  for (const answer of [undefined, () => new Promise(() => undefined), () => new Response("bad", { status: 502 })]) {
    network["/report/new"] = answer;
    const text = await (await visit("/report/new?item=1")).text();
    assert.match(text, /form/);
    assert.doesNotMatch(text, /data-is-kept/); // it is of no time, and is not waited to be replaced
  }
});

test("the form is asked for anew for other looks, a new build and after half a day, and not else", async (t) => {
  let now = 1_000_000;
  t.mock.method(Date, "now", () => now);
  const { shell, asked, activate, stores } = worker({ ...FORM });
  const times = () => asked.filter((path) => path === "/report/shell").length;
  await shell("light");
  await shell("light");
  await activate();
  assert.equal(times(), 1);
  await shell("dark");
  assert.equal(times(), 2);
  now += 12 * 3600 * 1000;
  await shell("dark");
  assert.equal(times(), 3);
  now -= 24 * 3600 * 1000; // a clock set back
  await shell("dark");
  assert.equal(times(), 4);
  const kept = await stores.get("shell").match("/report/shell");
  const headers = new Headers(kept.headers);
  headers.set("X-Kept-Build", "b0");
  await stores.get("shell").put("/report/shell", new Response("old", { headers }));
  await activate();
  assert.equal(times(), 5);
  assert.equal((await stores.get("shell").match("/report/shell")).headers.get("X-Kept-Looks"), "dark");
});

test("the sign on the home screen opens the form where there is no network, and the site where there is", async () => {
  const network = { ...FORM, "/": html("start") };
  const { shell, visit } = worker(network);
  assert.match(await (await visit("/")).text(), /start/);
  await shell("light");
  assert.match(await (await visit("/")).text(), /start/);
  delete network["/"];
  assert.equal(await (await visit("/")).text(), await (await visit("/report/new")).text());
});

test("a page that is being kept while somebody signs out goes with the sign-out", async () => {
  const { keep, only, stores } = worker({ ...FILES, "/my/services/R-1": owned(VOUCHER) });
  const keeping = keep(["/my/services/R-1"]);
  await Promise.all([keeping, only("")]);
  assert.deepEqual([...stores.keys()], []);
  await keep(["/my/services/R-1"]);
  await only("7");
  assert.deepEqual([...stores.keys()], ["kept-7"]);
});

test("what is no shell is not kept as one, and the one that is there stays", async () => {
  const network = { ...FORM };
  const { shell, pages, visit } = worker(network);
  await shell("light");
  for (const answer of [html("sign in"), new Response("", { status: 403 }), () => { throw new TypeError("no network"); }]) {
    network["/report/shell"] = answer;
    await shell("dark");
    assert.ok(pages().includes("/report/shell"));
    assert.match(await (await visit("/report/new")).text(), /form/);
  }
});

test("a person's pages come and go, and the form that is nobody's stays", async () => {
  const { shell, visit, stores } = worker({ ...FORM, "/my/services/R-1": owned("a", "7"), "/my/services/R-2": owned("b", "8") });
  await shell("light");
  await visit("/my/services/R-1");
  await visit("/my/services/R-2");
  assert.deepEqual([...stores.keys()].sort(), ["kept-8", "shell"]);
});

test("the page without network leads to the form where it is kept", async () => {
  const network = { ...FORM, "/offline": html('<a data-shell-here hidden></a><ul></ul><p data-kept-list hidden></p>') };
  const { shell, visit, stores } = worker(network);
  await shell("light");
  const text = await (await visit("/my/points")).text();
  assert.match(text, /<a data-shell-here>/);
  await stores.get("shell").delete("/report/shell");
  assert.match(await (await visit("/my/points")).text(), /data-shell-here hidden/);
  assert.match(text, /data-kept-list hidden/);
  assert.doesNotMatch(text, /report\/shell/);
});

test("the map is kept once it was opened, comes without network, and stays with a new form", async () => {
  const named = '<form data-map-script="/static/build/map-1.js" data-map-style="/static/build/map-1.css">';
  const network = {
    ...FORM, "/report/shell": html(named, { "X-Keep-Shell": "1" }),
    "/static/build/map-1.js": new Response('import"./chunk-1.js";'), "/static/build/map-1.css": new Response(""),
    "/map/boundaries.json": new Response("areas"), "/map/ground.json": new Response("ground"),
  };
  const { shell, map, load, pages } = worker(network);
  const MAP = ["/map/boundaries.json", "/map/ground.json", "/static/build/chunk-1.js", "/static/build/map-1.css", "/static/build/map-1.js"];
  const kept = () => MAP.filter((path) => pages().includes(path));
  await map(); // before there is a form, there is nothing to keep it with
  await shell("light");
  assert.deepEqual(kept(), []);
  await map();
  assert.deepEqual(kept(), MAP);
  await shell("dark");
  assert.deepEqual(kept(), MAP);
  network["/map/ground.json"] = new Response("newer");
  assert.equal(await (await load("/map/ground.json")).text(), "newer");
  delete network["/map/ground.json"];
  assert.equal(await (await load("/map/ground.json")).text(), "ground");
  assert.equal(await load("/map/streets/1.pmtiles"), undefined);
});
