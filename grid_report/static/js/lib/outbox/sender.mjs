// Sends what waits: asks first what became of its key, then its photos in parts, then the few words.
// Runs in the page and in the service worker; all it touches of the world is given to it.
import { classify } from "./answers.mjs";
import { sendPhoto } from "./parts.mjs";
import { after, isDue, isPast } from "./states.mjs";

const SESSION = "/session";
const API = "/api/v1";
// Without a network, or signed out, the others would fare no better.
const HOPELESS = ["network", "portal", "sign-in"];

/**
 * Send what is due, oldest first, of whoever is signed in. `store` as store.mjs, `ask` of line.mjs,
 * `digest` of bytes, `now` in milliseconds, `makeKey` for photos that have to be sent anew, `told` after each
 * change, `mine` whether this page still has the right to send.
 */
export async function sendAll({ store, ask, digest, now, makeKey, told = () => undefined, mine = () => true, asked = false }) {
  await tidy(store, now());
  const due = (await store.itemsOf()).filter((item) => isDue(item, now(), { asked }));
  if (!due.length) return;
  const session = await open();
  if (!session.member) {
    for (const item of due) await note(item, session);
    return;
  }
  for (const item of due.filter((it) => it.member === session.member)) {
    if (!(await mine())) return;
    const outcome = await send(item);
    if (HOPELESS.includes(outcome.what)) {
      for (const other of await store.itemsOf(session.member)) if (isDue(other, now())) await note(other, outcome);
      return;
    }
  }

  /** Ask who is signed in, and for what a browser's request has to carry along. */
  async function open() {
    const answer = await ask(SESSION);
    const { member, token } = answer.body ?? {};
    if (answer.status === 200 && typeof member === "string" && typeof token === "string") {
      return member ? { member, token } : { what: "sign-in" };
    }
    return classify(answer);
  }

  async function note(item, outcome) {
    const next = await store.changeItem(item.id, (found) => after(found, outcome, now()));
    if (next) await told(next);
    return next;
  }

  async function send(item) {
    let here = await note(item, { what: "begun" });
    if (!here) return { what: "gone" };
    let outcome = await attempt(here);
    if (outcome.what === "token") {
      // The form's token is older than the sign-in: ask for the new one, once.
      Object.assign(session, { token: "" }, await open());
      outcome = session.token ? await attempt(here) : { what: "sign-in" };
      if (outcome.what === "token") outcome = { what: "sign-in" };
    }
    if (outcome.what === "photos") {
      here = await store.changeItem(item.id, (found) => ({ ...found, photos: found.photos.map((photo) => ({ ...photo, bytes: photo.bytes ?? photo.key, key: makeKey(), ref: "", offset: 0 })) }));
      outcome = here ? await attempt(here) : { what: "gone" };
      if (outcome.what === "photos") outcome = outcome.otherwise;
    }
    if (outcome.what === "gone") return outcome;
    const done = await note(item, outcome);
    if (done && outcome.what === "sent") await store.dropBytes(done);
    return outcome;
  }

  async function attempt(item) {
    if (item.what === "report") {
      const known = await became(item);
      if (known) return known;
    }
    let here = item;
    for (const { key } of item.photos) {
      const photo = here.photos.find((it) => it.key === key);
      // All of it is there, for all we know; the report says if it is not. On a bad line each question less counts.
      if (photo.ref && photo.offset >= photo.size) continue;
      const bytes = await store.bytesOf(photo);
      // Cleared by the browser: what is left is words.
      if (!bytes) return { what: "refused", why: "photo-gone" };
      const sent = await sendPhoto(photo, {
        ask, bytes, digest, now, token: session.token,
        kept: async (moved) => {
          if (!(await mine())) throw new Error("another page sends");
          here = (await store.changeItem(item.id, (found) => ({ ...found, photos: found.photos.map((it) => (it.key === key ? moved : it)) }))) ?? here;
          await told(here);
        },
      });
      if (sent.what !== "done") return sent;
    }
    return post(here);
  }

  /** Return what became of a report's key; nothing when it made nothing yet. */
  async function became(item) {
    const answer = await ask(`${API}/keys/${item.id}`);
    if (answer.status === 200 && answer.body && "report" in answer.body) {
      const number = answer.body.report ?? "";
      return { what: item.posted === item.version ? "sent" : "already", number };
    }
    return answer.status === 404 && answer.body?.code === "not-found" ? null : classify(answer);
  }

  async function post(item) {
    await store.changeItem(item.id, (found) => ({ ...found, posted: item.version, postedPhotos: item.photos.map((photo) => photo.key) }));
    const { path, headers, body } = requestOf(item);
    const answer = await ask(path, { method: "POST", headers: { ...headers, "Idempotency-Key": item.id, "X-CSRFToken": session.token }, body });
    const number = numberOf(item, answer);
    if (number !== undefined) return { what: "sent", number };
    if (item.what === "report" && answer.body?.code === "idempotency-key-reused") {
      const known = await became(item);
      return known ? { ...known, what: known.number === undefined ? known.what : "already" } : classify(answer);
    }
    const outcome = classify(answer);
    // Swept, or used for something else: the bytes are here still.
    return answer.body?.errors?.uploads ? { what: "photos", otherwise: outcome } : outcome;
  }
}

/** Return the number of what an answer says was made; undefined for any other answer. */
function numberOf(item, { status, body }) {
  if (status !== 200 && status !== 201) return undefined;
  if (item.what === "objection") return typeof body?.id === "number" ? String(body.id) : undefined;
  return typeof body?.number === "string" ? body.number : undefined;
}

/** Return the small request that names the uploads. */
export function requestOf(item) {
  const uploads = item.photos.map((photo) => photo.ref);
  if (item.what === "report") {
    const values = Object.entries(item.fields).filter(([, value]) => value !== "");
    return { path: `${API}/reports`, headers: {}, body: new URLSearchParams([...values, ...uploads.map((ref) => ["uploads", ref])]) };
  }
  const path = { objection: "me/points/objections", rating: `reports/${item.to}/rating` }[item.what] ?? `reports/${item.to}/steps`;
  const body = ["objection", "rating"].includes(item.what) ? item.fields : { ...item.fields, uploads };
  return { path: `${API}/${path}`, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
}

/** Let what was sent long ago leave the list. */
async function tidy(store, now) {
  for (const item of await store.itemsOf()) if (isPast(item, now)) await store.dropItem(item);
}

