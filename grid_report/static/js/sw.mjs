// The service worker: keeps what a rider holds out where there is no network (live vouchers, cards
// in force), the empty report form, the files these need, and the page that says there is no network.
// Nothing else: the server names each page that may be kept, and whose it is, with a header.
// Caches have classes: `kept-…` is one person's and goes with the sign-out (lib/forget.mjs), `shell` is
// nobody's and the same for everybody. What waits to be sent is in no cache, and no update touches it.
import { alone } from "./lib/outbox/alone.mjs";
import { newKey } from "./lib/outbox/keys.mjs";
import { lineOf } from "./lib/outbox/line.mjs";
import { sha256 } from "./lib/outbox/parts.mjs";
import { sendAll } from "./lib/outbox/sender.mjs";
import { isUnsent } from "./lib/outbox/states.mjs";
import * as store from "./lib/outbox/store.mjs";

const BASE = new URL(self.registration.scope).pathname;
const OFFLINE = `${BASE}offline`;
const FORM = `${BASE}report/new`;
const SHELL = `${BASE}report/shell`;
const SHELL_CACHE = "shell";
const STATIC = `${BASE}static/`;
// What the built-in map draws beside its files: kept once the map was opened, for whoever opens it again.
const MAP = [`${BASE}map/boundaries.json`, `${BASE}map/ground.json`];
const KEEPABLE = new RegExp(`^${BASE}my/(services|cards)/R-[0-9A-Z]+$`);
const MOST_PAGES = 20;
// Somebody stands in front of the scanner.
const PATIENCE_MS = 3000;
// A page just kept is not asked for again because it says that it is there.
const FRESH_MS = 5000;
// Kinds, communities and words change now and then.
const SHELL_FRESH_MS = 12 * 3600 * 1000;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim().then(renew)));
self.addEventListener("message", (event) => {
  const { keep: pages = [], again = false, shell = null, map = false, only = null } = event.data ?? {};
  for (const path of pages.filter((one) => KEEPABLE.test(one)).slice(0, MOST_PAGES)) {
    event.waitUntil(inTurn(() => ask(path, again ? FRESH_MS : Infinity)));
  }
  if (shell) event.waitUntil(inTurn(() => keepShell(String(shell))));
  if (map) event.waitUntil(inTurn(keepMap));
  // In its turn: a page that is being kept while somebody signs out goes as well.
  if (only !== null) event.waitUntil(inTurn(() => dropOthers(`kept-${only}`)));
});
self.addEventListener("sync", (event) => {
  if (event.tag === "outbox") event.waitUntil(deliver());
});
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.location.origin) return;
  if (request.mode === "navigate") event.respondWith(page(event, pathname));
  else if (pathname.startsWith(STATIC)) event.respondWith(file(request, pathname));
  else if (MAP.includes(pathname)) event.respondWith(fetch(request).catch(async () => (await find(pathname)) ?? Response.error()));
});

/** Send what waits, the page being gone. Fails while something waits: then the browser calls again. */
async function deliver() {
  const channel = self.BroadcastChannel ? new BroadcastChannel("grid-report-outbox") : null;
  const told = () => channel?.postMessage("changed");
  await alone((mine) => sendAll({ store, ask: lineOf(fetch.bind(self)), digest: sha256, now: Date.now, makeKey: newKey, told, mine, asked: true }), { wait: true });
  channel?.close();
  const left = await store.itemsOf();
  if (left.some((item) => isUnsent(item) && !["sign-in", "limit"].includes(item.why))) throw new Error("something waits");
}

// What is written is written one after the other: tidying up must not meet a page half kept.
let turn = Promise.resolve();
function inTurn(work) {
  turn = turn.then(work).catch(() => undefined);
  return turn;
}

const find = (path) => caches.match(path, { ignoreVary: true });

/** Answer a navigation: the network's page, or the one kept when none comes in time. */
async function page(event, path) {
  const kept = KEEPABLE.test(path) ? await find(path) : path === FORM ? await find(SHELL) : undefined;
  const asked = fetch(event.request);
  if (KEEPABLE.test(path)) {
    const noted = asked.then((response) => {
      const [copy, at] = [response.clone(), Date.now()];
      return inTurn(() => note(path, copy, at));
    });
    event.waitUntil(noted.catch(() => undefined));
  }
  try {
    const response = await (kept ? Promise.race([asked, late()]) : asked);
    return kept && response.status >= 502 ? shown(kept) : response;
  } catch {
    // The sign on the home screen opens the site's start: without network that is the form.
    const there = kept ?? (path === BASE ? await find(SHELL) : undefined);
    return there ? shown(there) : offline();
  }
}

function late() {
  return new Promise((_, reject) => setTimeout(() => reject(new Error("late")), PATIENCE_MS));
}

/** Answer a file: names with a hash in them never change; of others the network's is newer. */
async function file(request, path) {
  const kept = await find(path);
  if (!kept) return fetch(request);
  return path.startsWith(`${STATIC}build/`) ? kept : fetch(request).catch(() => kept);
}

/** Keep or drop a page by what the server says of it now. */
async function note(path, response, at) {
  const owner = response.headers.get("X-Keep-Offline");
  if (response.status === 200 && owner) await keep(path, response, at, owner);
  // Handed out, cancelled, returned, or somebody else's: no longer to be held out.
  else if ([200, 403, 404].includes(response.status)) await drop(path);
}

async function dropOthers(name) {
  for (const other of await caches.keys()) if (other.startsWith("kept-") && other !== name) await caches.delete(other);
}

async function keep(path, response, at, owner) {
  const name = `kept-${owner}`;
  await dropOthers(name);
  const cache = await caches.open(name);
  const word = await fetch(OFFLINE, { headers: { Accept: "text/html" } });
  if (word.ok) await put(cache, OFFLINE, word, at);
  await put(cache, path, response, at);
  await tidy(cache);
}

/** Keep the empty form, and the page that says there is no network, unless they are there and fresh. */
async function keepShell(looks) {
  const cache = await caches.open(SHELL_CACHE);
  const kept = await cache.match(SHELL, { ignoreVary: true });
  const at = Date.now();
  const age = kept ? at - kept.headers.get("X-Kept-At") : -1;
  const same = kept?.headers.get("X-Kept-Build") === BUILD && kept.headers.get("X-Kept-Looks") === looks;
  if (same && age >= 0 && age < SHELL_FRESH_MS) return;
  const response = await fetch(SHELL, { headers: { Accept: "text/html" }, redirect: "manual", cache: "no-cache" });
  // Signed out meanwhile, or no rider: what is there stays.
  if (response.status !== 200 || !response.headers.has("X-Keep-Shell")) return;
  const word = await fetch(OFFLINE, { headers: { Accept: "text/html" } });
  if (word.ok) await put(cache, OFFLINE, word, at);
  await put(cache, SHELL, response, at, looks, Boolean(await cache.match(MAP[0])));
  await tidy(cache);
}

/** The map was opened: keep what it needs beside the form, as it is now. */
async function keepMap() {
  const cache = await caches.open(SHELL_CACHE);
  const kept = await cache.match(SHELL, { ignoreVary: true });
  // One of another build is about to be renewed, and stays as it is until then.
  if (kept?.headers.get("X-Kept-Build") !== BUILD) return;
  await put(cache, SHELL, kept, kept.headers.get("X-Kept-At"), kept.headers.get("X-Kept-Looks"), true);
}

/** Store a page after all that it needs: what is there can always be shown. */
async function put(cache, path, response, at, looks = "", withMap = false) {
  const text = await response.text();
  const files = new Set();
  const links = new RegExp(`(?:href|src${withMap ? "|data-map-script|data-map-style" : ""})="(${STATIC}[^"#?]+)`, "g");
  for (const found of withMap ? MAP : []) await renewed(cache, found, files);
  for (const [, found] of text.matchAll(links)) await need(cache, found, files);
  const headers = new Headers(response.headers);
  for (const gone of ["Content-Encoding", "Content-Length", "Set-Cookie"]) headers.delete(gone);
  headers.set("X-Kept-At", at);
  headers.set("X-Kept-Build", BUILD);
  headers.set("X-Kept-Looks", looks);
  headers.set("X-Kept-Files", [...files].join(" "));
  await cache.put(path, new Response(text, { headers }));
}

/** Store what changes under one name, as it is now. */
async function renewed(cache, path, files) {
  const found = await fetch(path, { headers: { Accept: "application/json" } });
  if (!found.ok) throw new Error(path);
  await cache.put(path, found);
  files.add(path);
}

/** Store a file and the modules it imports. */
async function need(cache, path, files) {
  if (files.has(path)) return;
  files.add(path);
  let kept = await cache.match(path, { ignoreVary: true });
  if (!kept) {
    kept = await fetch(path);
    if (!kept.ok) throw new Error(path);
    await cache.put(path, kept.clone());
  }
  if (!path.endsWith(".js")) return;
  for (const [, found] of (await kept.text()).matchAll(/(?:from|import)\s*\(?\s*"\.\/([\w.-]+\.js)"/g)) {
    await need(cache, path.replace(/[^/]+$/, found), files);
  }
}

async function drop(path) {
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    if (await cache.delete(path, { ignoreVary: true })) await tidy(cache);
  }
}

/** Every kept page of a cache, newest first: [path, response]. */
async function pagesOf(cache) {
  const found = [];
  for (const request of await cache.keys()) {
    const response = await cache.match(request, { ignoreVary: true });
    if (response?.headers.has("X-Kept-At")) found.push([new URL(request.url).pathname, response]);
  }
  return found.sort(([, a], [, b]) => b.headers.get("X-Kept-At") - a.headers.get("X-Kept-At"));
}

/** Let go of the oldest pages beyond the most, and of files that no page needs. */
async function tidy(cache) {
  const pages = await pagesOf(cache);
  const stay = new Set([OFFLINE, ...pages.filter(([path]) => path !== OFFLINE).slice(0, MOST_PAGES).map(([path]) => path)]);
  for (const [path, response] of pages) {
    if (stay.has(path)) for (const needed of response.headers.get("X-Kept-Files").split(" ")) stay.add(needed);
  }
  for (const request of await cache.keys()) {
    if (!stay.has(new URL(request.url).pathname)) await cache.delete(request, { ignoreVary: true });
  }
}

/** Ask for a page in order to keep it, unless it was kept a moment ago. */
async function ask(path, freshMs = 0) {
  const kept = await find(path);
  if (kept && Date.now() - kept.headers.get("X-Kept-At") < freshMs) return;
  const request = { headers: { Accept: "text/html" }, redirect: "manual", cache: "no-cache" };
  await note(path, await fetch(path, request), Date.now());
}

/** After a new build: have the kept pages in its looks. One that cannot come stays as it was. */
async function renew() {
  for (const name of await caches.keys()) {
    for (const [path, kept] of await pagesOf(await caches.open(name))) {
      if (path === SHELL) inTurn(() => keepShell(kept.headers.get("X-Kept-Looks")));
      if (path === OFFLINE || path === SHELL || kept.headers.get("X-Kept-Build") === BUILD) continue;
      inTurn(() => ask(path));
    }
  }
  await turn;
}

/** Show a kept page as what it is: from then, with its own clock set right. The form is of no time. */
async function shown(kept) {
  if (kept.headers.has("X-Keep-Shell")) return kept;
  const age = (Date.now() - kept.headers.get("X-Kept-At")) / 1000;
  const text = await kept.text();
  const ends = Number(text.match(/ data-day-ends="([\d.]+)"/)?.[1] ?? 0);
  const now = Number(text.match(/ data-made="([\d.]+)"/)?.[1] ?? 0) + age;
  const line = now < ends ? "today" : "older";
  const marked = text
    .replace("<html ", "<html data-is-kept ")
    .replace(` data-kept="${line}" hidden`, ` data-kept="${line}"`)
    .replace(/ data-now="([\d.]+)"/, (_, then) => ` data-now="${Number(then) + age}"`);
  return new Response(marked, { headers: kept.headers });
}

/** The page that says there is no network, with the way to what is kept. */
async function offline() {
  const kept = await find(OFFLINE);
  if (!kept) return Response.error();
  const items = [];
  for (const name of await caches.keys()) {
    for (const [path, response] of await pagesOf(await caches.open(name))) {
      if (path === OFFLINE || path === SHELL) continue;
      // As it stands in the page: what was escaped stays escaped.
      const title = (await response.text()).match(/<title>([\s\S]*?) · /)?.[1] ?? "";
      items.push(`<li><a class="card-row" href="${path}"><span class="card-row-main">${title}<small>${path.split("/").pop()}</small></span></a></li>`);
    }
  }
  let text = await kept.text();
  if (await find(SHELL)) text = text.replace(" data-shell-here hidden", " data-shell-here");
  if (!items.length) return new Response(text, { headers: kept.headers });
  const listed = text.replace(" data-kept-list hidden", " data-kept-list").replace("<ul></ul>", () => `<ul>${items.join("")}</ul>`);
  return new Response(listed, { headers: kept.headers });
}
