// Looking for a kind, and the kind that words look like. Loaded when somebody types.
import { learn, likely, matches } from "./likely.mjs";

const PATIENCE_MS = 350;

export function findKinds(form, { say }) {
  const search = form.querySelector("[data-kind-search]");
  const none = form.querySelector("[data-kind-none]");
  const chip = form.querySelector("[data-likely]");
  const words = form.elements.description;
  const tiles = [...form.querySelectorAll(".tile")].filter((tile) => tile.querySelector('input[name="category"]'));
  const radios = new Map(tiles.map((tile) => [inputOf(tile).value, inputOf(tile)]));
  // Until the words of every kind are here, what the tiles say themselves is looked through.
  const known = new Map(tiles.map((tile) => [inputOf(tile).value, [tile.textContent]]));
  let model = null;
  let waiting = 0;

  search.addEventListener("input", filter);
  words.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(propose, PATIENCE_MS);
  });
  form.addEventListener("change", ({ target }) => {
    if (target.name === "category") propose();
  });
  chip.addEventListener("click", () => {
    const radio = radios.get(chip.value);
    radio.checked = true;
    radio.dispatchEvent(new Event("change", { bubbles: true }));
    words.focus();
  });
  load();

  async function load() {
    try {
      const answer = await fetch(form.dataset.kindWords, { headers: { Accept: "application/json" } });
      const { items } = await answer.json();
      model = learn(items);
      for (const { code, words: said } of items) known.set(code, [...(known.get(code) ?? []), ...said]);
    } catch {
      return; // without network the names on the tiles have to do
    }
    filter();
    propose();
  }

  function filter() {
    const wanted = search.value.trim();
    for (const tile of tiles) tile.hidden = !matches(known.get(inputOf(tile).value) ?? [], wanted);
    for (const group of form.querySelectorAll("[data-kind-group]")) group.hidden = Boolean(wanted) && !group.querySelector(".tile:not([hidden])");
    none.hidden = tiles.some((tile) => !tile.hidden);
  }

  /** Show one kind that the words point to, unless something is chosen already. */
  function propose() {
    const chosen = form.querySelector('input[name="category"]:checked');
    const code = model && !chosen ? likely(model, words.value) : null;
    chip.hidden = !radios.has(code);
    if (chip.hidden) return;
    chip.value = code;
    const short = radios.get(code).closest(".tile").querySelector("b");
    chip.textContent = say("likely", { name: short?.textContent ?? radios.get(code).dataset.name });
  }
}

const inputOf = (tile) => tile.querySelector("input");
