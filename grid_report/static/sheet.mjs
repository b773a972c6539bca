// Reads a CSV file for the build as `places/tables` reads it for the site.

const SEPARATORS = [",", ";", "\t", "，", "；"];

/** Return the lines of a file as lists of cells; a cell in quotes may hold separators and lines. */
export function readSheet(text) {
  const body = text.replace(/^\uFEFF/, "").replace(/^sep=.[ \t]*\r?\n/, "");
  const head = body.split("\n", 1)[0];
  const by = SEPARATORS.reduce((best, one) => (head.split(one).length > head.split(best).length ? one : best));
  const lines = [[]];
  for (const [, cell, end] of body.matchAll(new RegExp(`("(?:[^"]|"")*"|[^${by}\\r\\n]*)(${by}|\\r?\\n|$)`, "g"))) {
    lines.at(-1).push(cell.replace(/^"([^]*)"$/, "$1").replaceAll('""', '"').trim());
    if (end !== by) lines.push([]);
  }
  return lines.filter((line) => line.some(Boolean));
}

/** Return what stands in some columns of a file, each once; nothing where there is no such column. */
export function columnsOf(text, names) {
  const [head, ...rows] = readSheet(text);
  const at = head.map((name) => name.toLowerCase());
  return new Set(rows.flatMap((row) => names.map((name) => row[at.indexOf(name)]).filter(Boolean)));
}
