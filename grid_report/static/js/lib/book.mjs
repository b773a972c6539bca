// The station's book of this phone: what was scanned without network, uploaded when there is one.
const PLACE = "grid-report-book";

/** Return the lines kept on this phone. */
export function lines() {
  try {
    return JSON.parse(localStorage.getItem(PLACE) ?? "[]");
  } catch {
    return [];
  }
}

const keep = (list) => localStorage.setItem(PLACE, JSON.stringify(list));

/** Write one down: {qr} or {code}. The same voucher twice in a row is one line. */
export function write(scan) {
  const known = lines();
  const ref = scan.qr?.split(".")[1];
  if (ref && known.some((line) => line.qr?.split(".")[1] === ref)) return known.length;
  const nonce = [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");
  keep([...known, { nonce, at: new Date().toISOString(), ...scan }]);
  return known.length + 1;
}

/** Send what is kept; a line goes only when the answer names it. Returns how many are left. */
export async function upload(address, token) {
  const waiting = lines();
  for (let at = 0; at < waiting.length; at += 20) {
    const answer = await fetch(address, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": token, Accept: "application/json" },
      body: JSON.stringify({ lines: waiting.slice(at, at + 20) }),
    });
    if (!answer.ok) break;
    const done = new Set((await answer.json()).lines.map((line) => line.nonce));
    keep(lines().filter((line) => !done.has(line.nonce)));
  }
  return lines().length;
}
