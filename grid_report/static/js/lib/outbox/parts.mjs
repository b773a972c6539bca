// A photo in pieces, by the tus protocol 1.0.0: what has arrived is never sent again.
import { classify } from "./answers.mjs";

const SMALLEST = 64 * 1024;
const LARGEST = 256 * 1024; // what the server keeps at once
const QUICK_MS = 2500;
const SLOW_MS = 12_000;
// A piece at a kilobyte a second.
const PATIENCE_MS = 90_000;
const MOST_STUMBLES = 5;
const TUS = { "Tus-Resumable": "1.0.0" };
const UPLOADS = "/api/v1/uploads";

/** Return the size of the next piece after one that took so long: large where the network is quick. */
export function nextSize(size, tookMs) {
  if (tookMs < QUICK_MS) return Math.min(LARGEST, size * 2);
  return tookMs > SLOW_MS ? SMALLEST : size;
}

/**
 * Send one photo. `kept(photo)` is told, and waited for, after each step forward. Returns
 * { what: "done" }, or what is to be done about the answer that came instead.
 */
export async function sendPhoto(photo, { ask, token, bytes, now, digest, kept }) {
  let size = SMALLEST;
  let here = { ...photo };
  for (let stumbles = 0; stumbles < MOST_STUMBLES; stumbles += 1) {
    const begun = here.ref ? await resume() : await create();
    if (begun.what === "gone") continue;
    if (begun.what !== "done") return begun;
    const sent = await rest();
    if (sent.what !== "stumbled") return sent;
  }
  return { what: "server" };

  async function move(change) {
    here = { ...here, ...change };
    await kept(here);
  }

  async function create() {
    const about = { kind: "photo", key: here.key, filename: "photo.jpg" };
    const metadata = Object.entries(about).map(([name, value]) => `${name} ${btoa(value)}`).join(",");
    const answer = await ask(UPLOADS, { method: "POST", headers: { ...TUS, "X-CSRFToken": token, "Upload-Length": String(bytes.byteLength), "Upload-Metadata": metadata } });
    const ref = answer.status === 201 && answer.header("Tus-Resumable") && /\/([\w-]+)$/.exec(answer.header("Location") ?? "")?.[1];
    if (!ref) return classify(answer);
    await move({ ref });
    return resume(); // the same key may have been begun before, and its answer been lost
  }

  async function resume() {
    const answer = await ask(`${UPLOADS}/${here.ref}`, { method: "HEAD", headers: TUS });
    const spoke = answer.header("Tus-Resumable");
    if (answer.status === 404 && spoke) {
      await move({ ref: "", offset: 0 });
      return { what: "gone" };
    }
    const offset = answer.header("Upload-Offset");
    if (answer.status === 200 && spoke && offset !== null) {
      await move({ offset: Number(offset) });
      return { what: "done" };
    }
    // A HEAD has no body to tell whose refusal it is.
    if (answer.status === 401) return { what: "sign-in" };
    return classify(answer);
  }

  async function rest() {
    while (here.offset < bytes.byteLength) {
      const piece = bytes.slice(here.offset, here.offset + size);
      const headers = { ...TUS, "X-CSRFToken": token, "Content-Type": "application/offset+octet-stream", "Upload-Offset": String(here.offset) };
      const sum = await digest(piece);
      if (sum) headers["Upload-Checksum"] = `sha256 ${sum}`;
      const began = now();
      const answer = await ask(`${UPLOADS}/${here.ref}`, { method: "PATCH", headers, body: piece, patienceMs: PATIENCE_MS });
      if (answer.status === 204 && answer.header("Upload-Offset") !== null) {
        await move({ offset: Number(answer.header("Upload-Offset")) });
        size = nextSize(size, now() - began);
      } else if ([404, 409, 460].includes(answer.status) && answer.header("Tus-Resumable")) {
        return { what: "stumbled" }; // bytes hurt on their way, or another page was quicker: ask where it stands
      } else return classify(answer);
    }
    return { what: "done" };
  }
}

/** Return the SHA-256 of bytes in Base64; nothing where the browser has no sums (pages without https). */
export async function sha256(bytes) {
  if (!globalThis.crypto?.subtle) return "";
  const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return btoa(String.fromCharCode(...sum));
}
