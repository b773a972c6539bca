// Which kind typed or dictated words point to: naive Bayes over characters, on this phone alone.
const SMOOTH = 0.3;
// What the installation's reports taught counts as so many words of the reference data.
const LEARNED = 4;
const SURE = 0.5;
const AHEAD = 1.8;
const HAN = /[\u4e00-\u9fff]+/g;
const LATIN = /[a-z]+/g;

/** Cut a text into what is counted: Chinese characters and pairs of them, three letters of others. */
export function features(text) {
  const found = [];
  const plain = text.toLowerCase();
  for (const [run] of plain.matchAll(HAN)) {
    for (let i = 0; i < run.length; i++) {
      found.push(run[i]);
      if (i + 1 < run.length) found.push(run.slice(i, i + 2));
    }
  }
  for (const [word] of plain.matchAll(LATIN)) {
    const edged = ` ${word} `;
    for (let i = 0; i + 3 <= edged.length; i++) found.push(edged.slice(i, i + 3));
  }
  return found;
}

/** Count what every kind is called: [{ code, words, seen: { letter: percent } }]. */
export function learn(items) {
  const known = new Set();
  const kinds = items.map(({ code, words, seen }) => {
    const counts = new Map();
    for (const feature of words.flatMap(features)) counts.set(feature, (counts.get(feature) ?? 0) + 1);
    for (const [letter, percent] of Object.entries(seen)) counts.set(letter, (counts.get(letter) ?? 0) + (LEARNED * percent) / 100);
    for (const feature of counts.keys()) known.add(feature);
    return { code, counts, total: [...counts.values()].reduce((sum, count) => sum + count, 0) };
  });
  return { kinds, known };
}

/** Return the code of the one kind that words clearly point to, else null. */
export function likely({ kinds, known }, text) {
  const said = [...new Set(features(text))].filter((feature) => known.has(feature));
  if (!said.length || !kinds.length) return null;
  const scores = kinds.map(({ code, counts, total }) => ({
    code,
    score: said.reduce((sum, feature) => sum + Math.log(((counts.get(feature) ?? 0) + SMOOTH) / (total + SMOOTH * known.size)), 0),
  }));
  scores.sort((a, b) => b.score - a.score);
  const best = scores[0].score;
  const share = 1 / scores.reduce((sum, { score }) => sum + Math.exp(score - best), 0);
  const ahead = scores.length < 2 || Math.exp(best - scores[1].score) >= AHEAD;
  return share >= SURE && ahead ? scores[0].code : null;
}

/** Tell whether any of a kind's words has what is looked for: every part of it, in any order. */
export function matches(words, wanted) {
  const parts = wanted.toLowerCase().split(/\s+/).filter(Boolean);
  const all = words.map((word) => word.toLowerCase());
  return parts.every((part) => all.some((word) => word.includes(part)));
}
