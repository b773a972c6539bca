// What helps to say where: compounds close by, the last place, words, the code at the gate, and which
// of two positions counts. Fetched once somebody has begun.
import { closeDialog, openDialog } from "../dialogs.mjs";
import { lastPlace, noteLast, spotsOf } from "./spots.mjs";
import { compoundIn, farWords, fits, isApart, isThere, joined, nearest } from "./near.mjs";

const MOST_NEAR = 5;
const MOST_LANDMARKS = 3;
const LANDMARK_M = 500;

/** `place`: what the form knows of its place, and how to set it; see `place.mjs`. */
export function around(form, place) {
  const { say } = place;
  const { member } = form.dataset;
  const [row, notes] = ["near", "notes"].map((name) => form.querySelector(`[data-${name}]`));
  const { community, compound } = form.elements;
  const gate = form.querySelector("[data-gate]");
  const options = [...compound.options].filter(({ value }) => value);
  const codes = options.map(({ value }) => value);
  const listed = [...codes, ...[...community.options].map(({ value }) => value).filter(Boolean)];
  const card = question();
  let known = { compounds: {}, spots: [] };
  let drawn = "";
  let asked = "";

  begin();

  async function begin() {
    known = await spotsOf(form.dataset.spots);
    show();
  }

  const spotOf = (code) => {
    const at = known.compounds[code];
    return at && { lat: at[0], lng: at[1] };
  };
  const keeps = (code) => fits(spotOf(code), place.here());

  function show() {
    const here = place.here();
    const compounds = options.map(({ value, text }) => ({ code: value, name: text, ...spotOf(value) })).filter(({ lat }) => lat);
    const near = here ? nearest(compounds, here, MOST_NEAR) : [];
    const last = lastPlace(member);
    const offered = near.map(({ code, name, m }) => ({ code, name, more: farWords(m, say) }));
    if (last?.words && isThere(last, listed) && !near.some(({ code }) => code === last.compound)) offered.unshift({ code: last.compound, last, name: say("last", { name: last.words }), more: "" });
    const marks = here ? nearest(known.spots.map(([name, lat, lng]) => ({ name, lat, lng })), here, MOST_LANDMARKS, LANDMARK_M) : [];
    draw(offered, [...marks, ...near.slice(0, MOST_LANDMARKS - marks.length)].map(({ name }) => name));
    for (const one of row.querySelectorAll("[data-code]")) {
      one.setAttribute("aria-pressed", String(Boolean(one.dataset.code) && one.dataset.code === compound.value));
    }
    which();
  }

  function draw(offered, words) {
    const now = JSON.stringify([offered, words]);
    if (now === drawn) return; // what a finger is on stays where it is
    drawn = now;
    for (const old of form.querySelectorAll("[data-near] [data-code], [data-notes] [data-mark]")) old.remove();
    row.querySelector("[data-near-none]").hidden = offered.length > 0;
    offered.forEach(({ code, name, more, last }) => {
      const one = chip(name, more);
      one.dataset.code = code ?? "";
      one.onclick = () => (last ? again(last) : choose(code));
      row.append(one);
    });
    for (const word of words) {
      const one = chip(word);
      one.dataset.mark = "";
      notes.append(one);
    }
  }

  function again(last) {
    if (last.compound) choose(last.compound);
    else if (last.lat) place.pinned({ lat: Number(last.lat), lng: Number(last.lng) });
    else {
      community.value = last.community;
      place.narrow();
      place.byHand("list");
    }
  }

  /** Choose a compound; beside a position that fits, a chip only says it more exactly. Tells whether it is known. */
  function choose(code, source = "") {
    const option = options.find(({ value }) => value === code);
    if (!option) return false;
    community.value = option.parentElement.dataset.community;
    place.narrow();
    compound.value = code;
    // A code says the compound and no metres: cases are joined by measured places alone.
    const stays = !source && keeps(code);
    place.byHand(source || (stays ? place.source() : "list"), stays);
    return true;
  }

  /** A chip of the row was pressed, perhaps before this was here. */
  function press(button) {
    if (button === gate) return scan();
    if (!notes.contains(button)) return undefined;
    const note = form.elements.place_note;
    note.value = joined(note.value, button.textContent);
    return note.dispatchEvent(new Event("input", { bubbles: true }));
  }

  async function scan() {
    const screen = scanScreen(gate);
    try {
      const scanner = await import(form.dataset.gateScript);
      openDialog(screen);
      const code = await scanner.scan(screen, { knows: (text) => compoundIn(text, codes), say });
      if (!code) return;
      closeDialog(screen);
      choose(code, "qr");
    } catch {
      place.tell(say("gate_failed"));
    } finally {
      if (!screen.hasAttribute("open")) screen.remove();
    }
  }

  /** Ask which of two positions counts, over the button and in nobody's way; say which does until then. */
  async function which() {
    const { spots } = place;
    card.hidden = !(place.isOpen() && isApart(spots));
    if (card.hidden) {
      asked = "";
      return;
    }
    const from = place.source();
    const now = JSON.stringify([spots, from]);
    if (now === asked) return;
    asked = now;
    const far = nearest([spots.photo], spots.here, 1)[0].m;
    const names = { here: say("here"), photo: say("from_photo") };
    const sizes = { here: spots.here.accuracy ? say("accuracy", { m: Math.round(spots.here.accuracy) }) : "", photo: farWords(far, say) };
    const buttons = ["photo", "here"].map((name) => {
      const one = chip(names[name], sizes[name]);
      one.dataset.spot = name;
      one.onclick = () => {
        place.take(name);
        document.querySelector("[data-place-line]").focus();
      };
      return one;
    });
    card.querySelector("p").textContent = `${say("which", { far: sizes.photo })}\n${say("which_now", { name: names[from] })}`;
    card.lastElementChild.textContent = "";
    card.lastElementChild.append(...buttons);
    for (const one of buttons) {
      const found = await place.whose(spots[one.dataset.spot]);
      if (found) one.querySelector("small").textContent = [found.name ?? found.words, sizes[one.dataset.spot]].filter(Boolean).join(" · ");
    }
  }

  return {
    show,
    press,
    /** The report is kept: where it was is offered for the next one, to this member alone. */
    remember() {
      card.hidden = true;
      const values = Object.fromEntries(["source", "lat", "lng", "community", "compound"].map((name) => [name, form.elements[name].value]));
      const chosen = [compound, community].find(({ value }) => value);
      noteLast(member, { ...values, words: chosen ? chosen.selectedOptions[0].textContent : form.querySelector("[data-place-words]").textContent });
    },
    scanned(code) {
      if (!choose(code, "qr")) place.tell(say("gate_unknown"));
    },
  };
}

function chip(words, more = "") {
  const one = document.createElement("button");
  one.type = "button";
  one.className = "chip";
  one.textContent = words;
  if (more) one.append(Object.assign(document.createElement("small"), { textContent: more }));
  return one;
}

/** The question which of two positions counts, over the button; one a page, whichever form is in it. */
function question() {
  const there = document.querySelector(".which");
  if (there) return there;
  const card = Object.assign(document.createElement("div"), { className: "which", hidden: true });
  card.setAttribute("role", "group");
  const words = Object.assign(document.createElement("p"), { id: "which-words" });
  words.setAttribute("role", "status");
  card.setAttribute("aria-labelledby", words.id);
  card.append(words, document.createElement("div"));
  document.querySelector("[data-place-line]").before(card);
  return card;
}

/** The screen of the scanner: made like the map's, whose close button it has. */
function scanScreen(gate) {
  const screen = Object.assign(document.createElement("dialog"), { className: "map-screen" });
  const [top, middle, bottom] = ["map-top", "map-box", "map-bottom"].map((className) => Object.assign(document.createElement("div"), { className }));
  const title = Object.assign(document.createElement("h2"), { id: "gate-title", textContent: gate.textContent });
  screen.setAttribute("aria-labelledby", title.id);
  top.append(title, document.querySelector("[data-map-screen] form").cloneNode(true));
  const video = Object.assign(document.createElement("video"), { playsInline: true, muted: true });
  middle.append(video);
  const words = document.createElement("p");
  words.setAttribute("role", "status");
  bottom.append(words);
  screen.append(top, middle, bottom);
  document.body.append(screen);
  return screen;
}
