// The report form: photos, kind, place, draft, sending. Each part leaves the plain form working.
import { consents } from "./lib/forms/consent.mjs";
import { forgetDraft, keepDraft, readDraft } from "./lib/forms/draft.mjs";
import { kinds } from "./lib/forms/kinds.mjs";
import { place } from "./lib/forms/place.mjs";
import { queueing } from "./lib/forms/queueing.mjs";
import { send } from "./lib/forms/send.mjs";
import { arrive, whoIsHere } from "./lib/outbox/hints.mjs";
import { newKey } from "./lib/outbox/keys.mjs";
import { shots } from "./lib/photos/shots.mjs";
import { wordsOf } from "./lib/words.mjs";

const PLAIN_FIELDS = ["category", "join", "community", "compound", "place_note", "description", "lat", "lng", "source", "datum", "accuracy_m", "taken_at"];
const TYPED_FIELDS = ["category", "community", "place_note", "description"];

start();

function start() {
  const form = document.querySelector('[data-enhance="report"]');
  if (form) {
    known(form);
    // As it came, for the next hazard: no page has to be fetched for it.
    const blank = document.querySelector("main").cloneNode(true);
    // The next hazard is elsewhere: what a code at a gate chose is not chosen there.
    for (const it of blank.querySelectorAll("[selected]")) it.removeAttribute("selected");
    const asked = new URLSearchParams(location.search);
    enhance(form, { blank, item: asked.get("item"), gate: asked.get("compound") });
  }
  showUnsent();
}

/** The shell says nothing of a person: what this phone knows of who used it last is put in. */
function known(form) {
  const { member, position = "", photos = "" } = form.dataset;
  if (!("shell" in document.documentElement.dataset)) {
    arrive(member, { position, photos });
    return;
  }
  const here = whoIsHere();
  form.dataset.member = here.member;
  document.querySelector("[data-nobody]").hidden = Boolean(here.member);
  for (const kind of ["position", "photos"]) {
    form.dataset[kind] = here[kind] ?? "";
    form.querySelector(`[data-consent="${kind}"]`).hidden = Boolean(here[kind]);
  }
  const box = form.querySelector("[data-shots]");
  box.hidden = !here.photos;
  for (const input of box.querySelectorAll("input[type=file]")) input.disabled = !here.photos;
  if (here.position) return;
  form.querySelector("[data-here]").hidden = true;
  form.querySelector("[data-place-detail]").textContent = wordsOf(form)("choose_place");
}

/** Say on the list of reports that one is not finished yet. */
async function showUnsent() {
  const note = document.querySelector("[data-unsent]");
  if (note) note.hidden = !(await readDraft(note.dataset.member));
}

/** `carried`: photos the server keeps for the refused form; the draft goes on holding them. */
function enhance(form, { blank, carried = [], item = null, gate = null }) {
  const say = wordsOf(form);
  const { member } = form.dataset;
  const state = { closed: false, kept: false };
  if (!form.dataset.typed) form.elements.key.value = newKey();
  const photos = shots(form, { say, changed: keep, first: () => where.locateOnce(), placed: (spot) => where.fromPhoto(spot) });
  const where = place(form, { say, changed: keep });
  const kind = kinds(form, { say });
  // Asked for when somebody has begun: the first page stays light.
  form.addEventListener("change", lookForTwins, { once: true });
  consents(form, { say, agreed: { position: () => where.allowed(), photos: () => photos.allowed() } });
  const queue = queueing(form, {
    close,
    report: () => ({ title: form.querySelector('input[name="category"]:checked')?.dataset.name ?? "", fields: valuesOf(), files: photos.files() }),
    next: (fresh) => enhance(fresh, { blank }),
    blank,
  });
  const clear = document.querySelector("[data-draft-clear]");
  let waiting = 0;
  let twinsAsked = null;

  form.addEventListener("input", later);
  form.addEventListener("change", later);
  // The camera may cost a cheap phone this page: what is there is kept before it opens.
  form.addEventListener("click", (event) => {
    if (event.target.matches('input[type="file"]')) keep();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") keep();
  });
  // Assigned and not added: after a refusal the form is new and this pill is not.
  clear.onclick = async () => {
    if (!window.confirm(say("really_anew"))) return; // photos taken on the way cannot be taken again
    await forgetDraft(member);
    state.closed = true;
    location.replace(location.pathname);
  };
  send(form, {
    say, photos, queued: queue.put, isKept: () => state.kept,
    again: (fresh) => enhance(fresh, { blank, carried: [...carried, ...photos.files()] }),
    done: () => {
      close();
      return forgetDraft(member);
    },
  });
  // The code at the gate says more of the place than a draft, and the draft is read first.
  if (!form.dataset.typed) restore().then(() => gate && where.scanned(gate));
  // Without consent the server kept none of them: they stay on the phone and in the form.
  if (!form.dataset.photos && carried.length) photos.restore(carried.splice(0));

  function lookForTwins() {
    twinsAsked ??= import("./lib/forms/twins.mjs").then(({ twins }) => twins(form, { say }), () => undefined);
  }

  function later() {
    clearTimeout(waiting);
    waiting = setTimeout(keep, 400);
  }

  function close() {
    where.used();
    state.closed = true;
    clear.hidden = true;
    clearTimeout(waiting);
  }

  function valuesOf() {
    return Object.fromEntries(PLAIN_FIELDS.map((name) => [name, form.elements[name]?.value ?? ""]));
  }

  async function keep() {
    clearTimeout(waiting);
    if (state.closed || state.item) return;
    const values = valuesOf();
    const files = [...carried, ...photos.files()];
    if (!files.length && !TYPED_FIELDS.some((name) => values[name])) return;
    state.kept = await keepDraft({ member, key: form.elements.key.value, values, where: where.source(), files }, () => !state.closed);
  }

  async function restore() {
    const opened = item && (await queue.open(item));
    const draft = opened ?? (await readDraft(member));
    if (!draft || photos.files().length) return;
    state.item = Boolean(opened);
    state.kept = true;
    form.elements.key.value = draft.key;
    for (const name of PLAIN_FIELDS) {
      const field = form.elements[name];
      if (field && draft.values[name] && !field.value) field.value = draft.values[name];
    }
    photos.restore(draft.files);
    where.restore(draft.where);
    kind.show({ quiet: true });
    lookForTwins();
    clear.hidden = state.item;
  }
}
