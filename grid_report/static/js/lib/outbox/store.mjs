// What this phone keeps: drafts (one a member), what waits to be sent, the bytes of its photos.
// Bytes and not files: a private window of WebKit refuses to store those.
import { openDB } from "idb";

const NAME = "grid-report";
const VERSION = 2;
const PATIENCE_MS = 4000;
// A report with its photos, shrunk.
const ROOM_BYTES = 4 * 1024 * 1024;
const LEASE_MS = 90_000;

let opened;

/** Open the store. Fails where a browser has none, or an old page of ours holds it. */
function open() {
  opened ??= within(PATIENCE_MS, openDB(NAME, VERSION, { upgrade, blocking, terminated: forget })).catch((error) => {
    forget();
    throw error;
  });
  return opened;
}

const forget = () => { opened = undefined; };

/** A newer page of ours wants to change the store: let go, and open it anew when it is needed. */
function blocking(_now, _wanted, event) {
  event.target.close();
  forget();
}

function within(ms, work) {
  return Promise.race([work, new Promise((_, fail) => setTimeout(() => fail(new Error("store does not open")), ms))]);
}

function upgrade(db, from) {
  if (from < 1) db.createObjectStore("drafts");
  if (from >= 2) return;
  db.createObjectStore("items", { keyPath: "id" }).createIndex("member", "member");
  db.createObjectStore("bytes");
  db.createObjectStore("lease");
}

/** Tell whether a report can be kept here: something is written, read and removed once. */
export async function canKeep() {
  try {
    const db = await open();
    await db.put("bytes", new ArrayBuffer(16), "try");
    const found = await db.get("bytes", "try");
    await db.delete("bytes", "try");
    return found?.byteLength === 16 && (await hasRoom(ROOM_BYTES));
  } catch {
    return false;
  }
}

/** Tell whether there is room for so many bytes. */
export async function hasRoom(bytes) {
  try {
    const { quota, usage } = await navigator.storage.estimate();
    return !(quota > 0) || quota - usage > bytes;
  } catch {
    return true; // an old browser does not say; the writing will
  }
}

/** Ask the browser not to clear what is kept. */
export function persist() {
  navigator.storage?.persist?.().catch(() => undefined);
}

// --- the queue --------------------------------------------------------------------------------

/** Return what waits of one member, oldest first; of everybody without a name. */
export async function itemsOf(member) {
  const db = await open();
  const found = await (member === undefined ? db.getAll("items") : db.getAllFromIndex("items", "member", member));
  return found.sort((a, b) => a.at - b.at);
}

export const itemBy = async (id) => (await open()).get("items", id);

/**
 * Keep an item with new bytes ({ key: ArrayBuffer }), all of it or nothing; `replacing` is the id it had, and
 * the draft it was made of goes with it.
 */
export async function keepItem(item, bytes = {}, { replacing, draftOf } = {}) {
  const tx = (await open()).transaction(["items", "bytes", "drafts"], "readwrite", { durability: "strict" });
  const work = [tx.objectStore("items").put(item)];
  for (const [key, buffer] of Object.entries(bytes)) work.push(tx.objectStore("bytes").put(buffer, key));
  if (replacing && replacing !== item.id) work.push(tx.objectStore("items").delete(replacing));
  if (draftOf) work.push(tx.objectStore("drafts").delete(draftOf), forgetOld(tx.objectStore("drafts"), draftOf));
  await Promise.all([...work, tx.done]);
  return item;
}

/** Change an item by a function; nothing happens to one that is gone. Returns what stands there now. */
export async function changeItem(id, change) {
  const tx = (await open()).transaction("items", "readwrite");
  const found = await tx.store.get(id);
  const changed = found && change(found);
  if (changed) await tx.store.put(changed);
  await tx.done;
  return changed;
}

export const bytesOf = async (photo) => (await open()).get("bytes", photo.bytes ?? photo.key);

/** Let the bytes of an item's photos go: they have arrived. */
export async function dropBytes(item) {
  const tx = (await open()).transaction("bytes", "readwrite");
  await Promise.all([...item.photos.map((photo) => tx.store.delete(photo.bytes ?? photo.key)), tx.done]);
}

export async function dropItem(item) {
  await dropBytes(item);
  await (await open()).delete("items", item.id);
}

// --- drafts -----------------------------------------------------------------------------------

// The one draft that the version before kept, of whoever it is. It stays where it is until it is
// written anew or done with.
const OLD_DRAFT = "report";

export async function getDraft(member) {
  const db = await open();
  const own = await db.get("drafts", member);
  if (own) return own;
  const old = await db.get("drafts", OLD_DRAFT);
  return old && String(old.member) === member ? old : undefined;
}

export const putDraft = (member, draft) => replaceDraft(member, (drafts) => drafts.put(draft, member));
export const deleteDraft = (member) => replaceDraft(member, (drafts) => drafts.delete(member));

async function replaceDraft(member, write) {
  const tx = (await open()).transaction("drafts", "readwrite");
  await Promise.all([forgetOld(tx.store, member), write(tx.store), tx.done]);
}

async function forgetOld(drafts, member) {
  const old = await drafts.get(OLD_DRAFT);
  if (old && String(old.member) === member) await drafts.delete(OLD_DRAFT);
}

// --- one at a time ----------------------------------------------------------------------------

/** Take the right to send, or go on having it; false while another page has it. */
export async function takeLease(holder, now) {
  const tx = (await open()).transaction("lease", "readwrite");
  const held = await tx.store.get("sender");
  // Longer than it can be: of a clock that was set back since.
  const taken = held && held.holder !== holder && held.until > now && held.until <= now + LEASE_MS;
  if (!taken) await tx.store.put({ holder, until: now + LEASE_MS }, "sender");
  await tx.done;
  return !taken;
}

export async function endLease(holder) {
  const tx = (await open()).transaction("lease", "readwrite");
  if ((await tx.store.get("sender"))?.holder === holder) await tx.store.delete("sender");
  await tx.done;
}
