// What is drawn of a file of streets, whoever made it: Protomaps, OpenMapTiles, Shortbread or our own
// demo name their layers and kinds differently, but not very.
const GREEN = /park|garden|forest|wood|grass|green|meadow|cemetery|recreation|pitch|golf|nature/;
const ROADS = [
  [/rail|tram|subway|light_rail/, "rail"],
  [/motorway|trunk|highway/, "highway"],
  [/primary|secondary|major/, "major"],
  [/tertiary|medium/, "medium"],
  [/path|foot|cycle|steps|track|pedestrian|pier/, "path"],
];

/** From the ground up: what is painted later lies on what was painted before. */
export const ORDER = ["green", "water", "house", "rail", "path", "minor", "medium", "major", "highway"];
// Widths in pixels at zoom 14 and at zoom 18; of what has none its ground is painted.
const WIDTHS = { rail: [1.5, 3], path: [0.5, 3], minor: [1, 11], medium: [2.2, 15], major: [3.4, 20], highway: [4, 22] };

/** Return which of ORDER a feature is, or nothing for what our map leaves out. */
export function kindOf(layer, { kind = "", class: sort = "", kind_detail: detail = "" }) {
  const said = `${kind} ${sort} ${detail}`.toLowerCase();
  if (/building/.test(layer)) return "house";
  if (/road|street|transport|highway/.test(layer)) return ROADS.find(([pattern]) => pattern.test(said))?.[1] ?? "minor";
  if (/water|ocean|river/.test(layer)) return "water";
  if (/land|park|sites/.test(layer)) return GREEN.test(said) ? "green" : "";
  return "";
}

export const isRoad = (kind) => kind in WIDTHS;

/** Return how wide a road is drawn at a zoom. */
export function widthOf(kind, zoom) {
  const [narrow, wide] = WIDTHS[kind];
  return narrow * (wide / narrow) ** Math.max(-0.5, Math.min(1.5, (zoom - 14) / 4));
}

/** Return what a feature is called in a language, by its first letters; else on the spot. */
export const calledIn = (properties, language) => properties[`name:${language}`] || properties.name || "";
