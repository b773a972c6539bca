// What goes into the queue. It needs nothing of what sends, which may not have been fetched yet.
import { packed } from "../forms/draft.mjs";
import { noteUnsent } from "./hints.mjs";
import { newKey } from "./keys.mjs";
import { changed, fresh, SENT } from "./states.mjs";
import { bytesOf, hasRoom, itemBy, itemsOf, keepItem, persist } from "./store.mjs";

/**
 * Keep a report, whole or not at all, for the queue to send. `id` stays its key for good; `files` with the keys
 * they have, if they have any. Throws where there is no room.
 */
export async function put({ id, member, what = "report", to, title, fields, files }) {
  const before = await itemBy(id);
  const bytes = {};
  const photos = [];
  for (const file of files) {
    const kept = await packed(file);
    const key = file.key ?? newKey();
    if (!before?.photos.some((photo) => photo.key === key)) bytes[key] = kept.bytes;
    photos.push({ key, size: kept.bytes.byteLength, type: kept.type, name: kept.name });
  }
  const size = Object.values(bytes).reduce((sum, one) => sum + one.byteLength, 0);
  if (!(await hasRoom(size))) throw new Error("full");
  const item = before ? changed(before, { fields, photos, title }) : fresh({ id, member, what, to, title, fields, photos }, Date.now());
  await keepItem(item, bytes, { draftOf: what === "report" ? member : "" });
  persist();
  noteCounts(await itemsOf());
}

/** Note for every page how much waits of each member. */
export function noteCounts(items) {
  const counts = {};
  for (const item of items) if (item.state !== SENT) counts[item.member] = (counts[item.member] ?? 0) + 1;
  noteUnsent(counts);
}

/** Return the files of an item, each with its key, as the form takes them. */
export async function filesOf(item) {
  const files = [];
  for (const photo of item.photos) {
    const bytes = await bytesOf(photo);
    if (bytes) files.push(Object.assign(new File([bytes], photo.name || "photo.jpg", { type: photo.type }), { key: photo.key }));
  }
  return files;
}
