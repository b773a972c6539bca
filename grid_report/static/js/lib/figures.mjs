// What a chart is drawn from: the table beside it.
const words = (cell) => cell.dataset.label ?? cell.textContent.trim();

/** What a cell says as a number; null where it says none. `data-value` says it for a cell with more words. */
function number(cell) {
  const text = cell.dataset.value ?? cell.textContent.trim();
  return text === "" || Number.isNaN(Number(text)) ? null : Number(text);
}

/** Read a table: the first column names the rows, each other one is a series. A row with `data-mark` is marked. */
export function read(table) {
  const [, ...names] = [...table.tHead.rows[0].cells].map(words);
  const rows = [...table.tBodies[0].rows];
  return {
    labels: rows.map((row) => words(row.cells[0])),
    marks: rows.flatMap((row, at) => (row.dataset.mark ? [{ at, words: row.dataset.mark }] : [])),
    series: names.map((name, at) => ({ name, data: rows.map((row) => number(row.cells[at + 1])) })),
  };
}

/** How many lines the names of the series take, side by side in so much room: a Chinese letter is as wide as it is high. */
export function legendLines(series, size, room) {
  const wide = ({ name }) => [...name].reduce((sum, letter) => sum + (letter > "\u2e7f" ? 1 : 0.52) * size, size < 12 ? 32 : 50);
  return Math.ceil(series.reduce((sum, one) => sum + wide(one), 0) / room);
}
