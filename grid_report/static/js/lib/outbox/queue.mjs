// The queue in a page: what is put into it goes by itself, and whoever watches is told.
import { alone } from "./alone.mjs";
import { count } from "./badge.mjs";
import { noteCounts } from "./keeping.mjs";
import { newKey } from "./keys.mjs";
import { lineOf } from "./line.mjs";
import { sha256 } from "./parts.mjs";
import { sendAll } from "./sender.mjs";
import { anew, isUnsent, nextAt } from "./states.mjs";
import * as store from "./store.mjs";

const SYNC = "outbox";
// While another page sends, look again; it may be closed in the middle.
const LOOK_AGAIN_MS = 8000;
const SOONEST_MS = 500;

const watchers = new Set();
const channel = globalThis.BroadcastChannel ? new BroadcastChannel("grid-report-outbox") : null;
let who = "";
let sending = null;
let again = false;
let timer = 0;
let wakes = false;

/** Begin to send what this member has waiting, now and whenever there is reason to hope. */
export function start(member) {
  if (who === member) return;
  who = member;
  watch(() => count(document, member));
  addEventListener("online", () => send({ asked: true }));
  addEventListener("pageshow", ({ persisted }) => persisted && send({ asked: true }));
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") send({ asked: true });
  });
  if (channel) channel.onmessage = tell;
  send({ asked: true });
}

/** Have a function told of the member's items, now and after every change. */
export function watch(heard) {
  watchers.add(heard);
  tell();
}

async function tell() {
  try {
    const all = await store.itemsOf();
    noteCounts(all);
    const mine = all.filter((item) => item.member === who);
    for (const heard of watchers) heard(mine);
    return mine;
  } catch {
    return []; // no store: nothing can wait in it
  }
}

async function toldAll() {
  channel?.postMessage("changed");
  await tell();
}

/** Send what is due. `asked`: somebody wants it now, or the network came back. */
export function send({ asked = false } = {}) {
  if (sending) {
    // What came in meanwhile goes afterwards; what just failed is not tried again at once.
    again = true;
    return sending;
  }
  clearTimeout(timer);
  again = false;
  sending = run(asked).finally(() => {
    sending = null;
    if (again) send();
  });
  return sending;
}

async function run(asked) {
  let did = true;
  try {
    did = await alone((mine) => sendAll({ store, ask: lineOf(fetch.bind(globalThis), document.documentElement.lang), digest: sha256, now: Date.now, makeKey: newKey, told: toldAll, mine, asked }));
  } catch {
    did = false; // the store is gone, or another page took over
  }
  const left = await tell();
  if (!wakes && left.some(isUnsent)) wake();
  const next = nextAt(left);
  clearTimeout(timer);
  if (next === null && did) return;
  const wait = did ? next - Date.now() : LOOK_AGAIN_MS;
  timer = setTimeout(send, Math.min(Math.max(wait, SOONEST_MS), 2 ** 30));
}

/** Begin with what was just put in. */
export function soon() {
  send({ asked: true });
  wake();
}

/** Have the browser go on when the page is gone, where it knows how and is let. */
async function wake() {
  try {
    await (await navigator.serviceWorker.ready).sync.register(SYNC);
    wakes = true;
    await tell();
  } catch {
    return; // then it goes while a page of ours is open
  }
}

/** Say how far this browser goes with what it keeps: "closed", "next" or "open". */
export function reach() {
  if (wakes) return "closed";
  return navigator.serviceWorker?.controller ? "next" : "open";
}

export async function drop(id) {
  const item = await store.itemBy(id);
  if (item) await store.dropItem(item);
  await toldAll();
}

/** What was sent before with these words is done; with what came to it since, make a report of its own. */
export async function makeNew(id) {
  const item = await store.itemBy(id);
  if (!item) return;
  await store.keepItem(anew(item, newKey), {}, { replacing: id });
  await toldAll();
  soon();
}

/** Send the words and photos that came later after the report they belong to. */
export async function addToIt(id) {
  const item = await store.itemBy(id);
  if (!item) return;
  const there = item.photos.filter((photo) => item.postedPhotos?.includes(photo.key));
  const added = anew({ ...item, photos: item.photos.filter((photo) => !there.includes(photo)) }, newKey);
  await store.keepItem({ ...added, what: "supplement", to: item.number, fields: { step: "supplement", note: item.fields.description } }, {}, { replacing: id });
  await store.dropBytes({ photos: there });
  await toldAll();
  soon();
}
