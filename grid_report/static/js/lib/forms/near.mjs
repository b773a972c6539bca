// Sums and choices of places, without a page: how far, which are near, what a scanned text means.
const EARTH_M = 6371008.8;
// A photo taken farther away than this may be of another place than where the phone is.
export const FAR_M = 200;
// A compound within this of a position may be where it lies: then the position stays.
const SAME_M = 500;
const NOTE_MOST = 200;

const half = (from, to) => Math.sin(((to - from) * Math.PI) / 360) ** 2;

/** Return the distance of two positions in metres. */
export function metresBetween(a, b) {
  const shrunk = Math.cos((a.lat * Math.PI) / 180) * Math.cos((b.lat * Math.PI) / 180);
  return 2 * EARTH_M * Math.asin(Math.min(1, Math.sqrt(half(a.lat, b.lat) + shrunk * half(a.lng, b.lng))));
}

/** Return the spots closest to a position, nearest first, each with its distance `m`. */
export function nearest(spots, here, most, reach = Infinity) {
  return spots
    .map((spot) => ({ ...spot, m: metresBetween(spot, here) }))
    .filter(({ m }) => m <= reach)
    .sort((a, b) => a.m - b.m || (a.name < b.name ? -1 : 1))
    .slice(0, most);
}

/** Say a distance as people do: to ten metres, from a kilometre on to a hundred. */
export function farWords(m, say) {
  const tens = Math.max(10, Math.round(m / 10) * 10);
  return tens < 1000 ? say("m", { m: tens }) : say("km", { m: (m / 1000).toFixed(1) });
}

/** Tell whether a position may be within a compound chosen beside it. */
export const fits = (compound, here) => Boolean(compound && here) && metresBetween(compound, here) <= SAME_M;

/** Tell whether a place kept on the phone can be chosen still: `listed` are the codes of the lists, which change. */
export const isThere = ({ lat, community, compound }, listed) => Boolean(lat) || listed.includes(compound || community);

/** Tell whether the rider has to say which: the photo was taken far from the phone. */
export const isApart = ({ here, photo }) => Boolean(here && photo) && metresBetween(here, photo) > FAR_M;

/** Put a word behind what is written; what stands there already is not written twice. */
export function joined(note, word) {
  const before = note.trim();
  if (before.includes(word)) return note;
  const apart = before && /[\w)]$/.test(before) && /^[\w(]/.test(word) ? " " : "";
  const whole = before + apart + word;
  return whole.length > NOTE_MOST ? note : whole;
}

/** Return the compound a scanned text means: our sign's address, or the bare code; "" for all else. */
export function compoundIn(text, known) {
  const written = text.trim();
  const said = /\/report\/new\?([^#]*)/.exec(written);
  const code = said ? new URLSearchParams(said[1]).get("compound") : written;
  return known.includes(code) ? code : "";
}
