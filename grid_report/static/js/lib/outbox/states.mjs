// What can become of something that waits to be sent. Pure: the clock is an argument.

export const KEPT = "kept"; // on the phone, and goes with the next attempt
export const WAITING = "waiting"; // until an instant, for a reason
export const SENDING = "sending";
export const SENT = "sent";
export const REFUSED = "refused"; // with the server's sentence; a person decides
export const ALREADY = "already"; // its key was sent before, and words came to it since

const SECOND_MS = 1000;
const HOUR_MS = 3600 * SECOND_MS;
const FIRST_PAUSE_MS = 15 * SECOND_MS;
const LONGEST_PAUSE_MS = 15 * 60 * SECOND_MS;
// No answer asks for more; an instant further off is another clock's.
const LONGEST_WAIT_MS = 25 * HOUR_MS;
// How long what was sent still stands in the list.
const SHOWN_MS = 48 * HOUR_MS;

const UNSENT = [KEPT, WAITING, SENDING];

/** Make what is put into the queue. `photos`: [{ key, size, type, name }]. */
export function fresh({ id, member, what, title = "", to = "", fields, photos }, now) {
  return {
    id, member, what, title, to, fields, at: now,
    photos: photos.map((photo) => ({ ref: "", offset: 0, ...photo })),
    state: KEPT, why: "", until: 0, pauses: 0, words: "", number: "",
    // Which version of it is here, and which one may have arrived.
    version: 1, posted: 0,
  };
}

/** Tell whether it goes by itself, now or later. */
export const isUnsent = (item) => UNSENT.includes(item.state);

/** Tell whether somebody has to look at it. */
export const needsPerson = (item) => item.state === REFUSED || item.state === ALREADY || item.why === "sign-in";

/** Tell whether it may be tried now; `asked`: by a person, or by a network that came back. */
export function isDue(item, now, { asked = false } = {}) {
  if (!isUnsent(item)) return false;
  if (item.state !== WAITING) return true;
  // What the server said is kept to: asking again sooner only makes it longer.
  if (asked && item.why !== "limit") return true;
  // A clock that was set back must not make it wait for days.
  return now >= item.until || item.until - now > LONGEST_WAIT_MS;
}

/** Return how long to wait after so many attempts that failed one after the other. */
export const pauseMs = (pauses) => Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(pauses, 10));

/** Return the soonest instant at which something is to be tried again; null when nothing waits. */
export function nextAt(items) {
  const waiting = items.filter((item) => item.state === WAITING).map((item) => item.until);
  return waiting.length ? Math.min(...waiting) : null;
}

/** Return how much of it has gone up, in whole per cent; all of it is only what is answered. */
export function percentOf(item) {
  const whole = item.photos.reduce((sum, photo) => sum + photo.size, 0);
  const gone = item.photos.reduce((sum, photo) => sum + Math.min(photo.offset, photo.size), 0);
  return whole ? Math.min(99, Math.floor((100 * gone) / whole)) : 0;
}

/** Return an item after what came back for it (`answers.mjs`). */
export function after(item, answer, now) {
  const calm = { ...item, why: "", until: 0, words: "" };
  switch (answer.what) {
    case "begun":
      return { ...calm, state: SENDING };
    case "sent":
      return { ...calm, state: SENT, number: answer.number, doneAt: now, pauses: 0 };
    case "already":
      return { ...calm, state: ALREADY, number: answer.number, pauses: 0 };
    case "refused":
      return { ...calm, state: REFUSED, why: answer.why ?? "", words: answer.words ?? "", pauses: 0 };
    case "sign-in":
      return { ...calm, state: KEPT, why: "sign-in" };
    case "limit":
      return { ...calm, state: WAITING, why: "limit", until: now + answer.seconds * SECOND_MS, pauses: 0 };
    default: { // network, portal, server
      const pause = Math.max(pauseMs(item.pauses), (answer.seconds ?? 0) * SECOND_MS);
      return { ...calm, state: WAITING, why: answer.what, until: now + pause, pauses: item.pauses + 1 };
    }
  }
}

/** Return an item whose words, choices or photos a person changed. */
export function changed(item, { fields, photos, title }) {
  const before = new Map(item.photos.map((photo) => [photo.key, photo]));
  return {
    ...item, fields, title,
    photos: photos.map((photo) => before.get(photo.key) ?? { ref: "", offset: 0, ...photo }),
    state: KEPT, why: "", until: 0, words: "", pauses: 0, version: item.version + 1,
  };
}

/**
 * Return it under a key of its own, with photos that belong to nothing yet: what was used for one
 * report is used. `makeKey` makes keys; the photos keep the name their bytes are stored by.
 */
export function anew(item, makeKey) {
  return {
    ...item, id: makeKey(), state: KEPT, why: "", until: 0, words: "", number: "", pauses: 0, version: 1, posted: 0,
    photos: item.photos.map((photo) => ({ ...photo, key: makeKey(), bytes: photo.bytes ?? photo.key, ref: "", offset: 0 })),
  };
}

/** Tell whether what was done with it long ago can leave the list. */
export const isPast = (item, now) => item.state === SENT && (now - item.doneAt > SHOWN_MS || item.doneAt - now > SHOWN_MS);
