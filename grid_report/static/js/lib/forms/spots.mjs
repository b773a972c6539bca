// What this phone keeps of places: where compounds and landmarks are (nobody's), and the place a
// member chose last (that member's, gone with the sign-out).
import { LAST_PLACE } from "../outbox/hints.mjs";

const SPOTS = "grid-report-spots";
const DAY_MS = 24 * 3600 * 1000;
const NONE = { compounds: {}, spots: [] };

/** Return where compounds and landmarks are: kept for a day, and for as long as there is no network. */
export async function spotsOf(address, now = Date.now()) {
  const kept = read(SPOTS);
  if (kept && now >= kept.at && now - kept.at < DAY_MS) return kept.found;
  try {
    const answer = await fetch(address, { headers: { Accept: "application/json" } });
    const found = await answer.json();
    if (!answer.ok || !found.compounds) return kept?.found ?? NONE;
    write(SPOTS, { at: now, found });
    return found;
  } catch {
    return kept?.found ?? NONE;
  }
}

/** Return the place this member chose by hand last, null when there is none or it is another's. */
export function lastPlace(member) {
  const kept = read(LAST_PLACE);
  return kept && member && kept.member === member ? kept : null;
}

/** Note a place chosen by hand; where the phone was is asked anew each time. */
export function noteLast(member, { source, lat, lng, community, compound, words }) {
  if (!member || !words || (!compound && source === "phone")) return;
  // A compound says where; a pin is only that pin.
  write(LAST_PLACE, compound || source !== "pin" ? { member, community, compound, words } : { member, lat, lng, words });
}

function read(name) {
  try {
    return JSON.parse(localStorage.getItem(name));
  } catch {
    return null;
  }
}

function write(name, value) {
  try {
    localStorage.setItem(name, JSON.stringify(value));
  } catch {
    return; // then it is fetched again, and nothing is offered
  }
}
