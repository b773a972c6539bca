// Phones that send what waits in them by the modules the site ships; only their store is in memory.
// Reads what they hold as JSON, writes what became of each item as JSON.
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

import { lineOf } from "../../grid_report/static/js/lib/outbox/line.mjs";
import { sha256 } from "../../grid_report/static/js/lib/outbox/parts.mjs";
import { sendAll } from "../../grid_report/static/js/lib/outbox/sender.mjs";
import { fresh, isUnsent } from "../../grid_report/static/js/lib/outbox/states.mjs";

const { address, most_attempts, phones } = JSON.parse(readFileSync(0, "utf8"));

function storeOf({ member, reports }) {
  const bytes = new Map(reports.flatMap(({ photos }) => photos.map(({ key, file }) => {
    const buffer = readFileSync(file);
    return [key, buffer.buffer.slice(buffer.byteOffset, buffer.byteOffset + buffer.byteLength)];
  })));
  const items = reports.map(({ id, fields, photos }, at) => fresh({
    id, member, what: "report", fields, photos: photos.map(({ key }) => ({ key, size: bytes.get(key).byteLength, type: "image/jpeg", name: "" })),
  }, at));
  const rows = new Map(items.map((item) => [item.id, item]));
  return {
    rows,
    itemsOf: async () => [...rows.values()],
    async changeItem(id, change) {
      rows.set(id, change(rows.get(id)));
      return rows.get(id);
    },
    bytesOf: async (photo) => bytes.get(photo.bytes ?? photo.key),
    dropBytes: async (item) => item.photos.forEach((photo) => bytes.delete(photo.bytes ?? photo.key)),
    dropItem: async (item) => rows.delete(item.id),
  };
}

/** A browser's fetch: one site, and a cookie that is changed when the site says so. */
function fetchOf(first) {
  let cookie = first;
  return async (path, options) => {
    const answer = await fetch(address + path, { ...options, headers: { ...options.headers, Cookie: cookie } });
    for (const line of answer.headers.getSetCookie()) {
      const pair = line.split(";")[0];
      if (pair.split("=")[0] === cookie.split("=")[0]) cookie = pair;
    }
    return answer;
  };
}

async function send(phone) {
  const store = storeOf(phone);
  const ask = lineOf(fetchOf(phone.cookie), "zh-CN");
  let attempts = 0;
  while ([...store.rows.values()].some(isUnsent) && attempts < most_attempts) {
    attempts += 1;
    // The network comes back all the time: nobody waits for the pause.
    await sendAll({ store, ask, digest: sha256, now: Date.now, makeKey: randomUUID, asked: true });
    await pause(20);
  }
  return [...store.rows.values()].map(({ id, state, why, words, number }) => ({ id, state, why, words, number, attempts }));
}

console.log(JSON.stringify((await Promise.all(phones.map(send))).flat()));
