// The report form: photos, kind, place, draft, sending. Each part leaves the plain form working.
import { consents } from "./lib/forms/consent.mjs";
import { readDraft, forgetDraft, keepDraft } from "./lib/forms/draft.mjs";
import { kinds } from "./lib/forms/kinds.mjs";
import { place } from "./lib/forms/place.mjs";
import { send } from "./lib/forms/send.mjs";
import { twins } from "./lib/forms/twins.mjs";
import { shots } from "./lib/photos/shots.mjs";
import { wordsOf } from "./lib/words.mjs";

const PLAIN_FIELDS = ["category", "community", "compound", "place_note", "description", "lat", "lng", "source", "datum", "accuracy_m", "taken_at"];

start();

function start() {
  const form = document.querySelector('[data-enhance="report"]');
  if (form) enhance(form);
  if (document.querySelector("[data-sent]")) forgetDraft();
  showUnsent();
}

/** Say on the list of reports that one still waits on this phone. */
async function showUnsent() {
  const note = document.querySelector("[data-unsent]");
  if (note) note.hidden = !(await readDraft(note.dataset.member));
}

/** `carried`: photos the server keeps for the refused form; the draft goes on holding them. */
function enhance(form, carried = []) {
  const say = wordsOf(form);
  const state = { where: "" };
  const photos = shots(form, { say, changed: keep, first: () => where.locateOnce(), placed: (spot) => where.fromPhoto(spot) });
  const where = place(form, { say, changed: keep });
  const kind = kinds(form, { say });
  twins(form, { say });
  consents(form, { say, agreed: { position: () => where.allowed(), photos: () => photos.allowed() } });
  const clear = document.querySelector("[data-draft-clear]");
  let waiting = 0;

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
    await forgetDraft();
    state.closed = true;
    location.replace(location.pathname);
  };
  send(form, { say, photos, again: (fresh) => enhance(fresh, [...carried, ...photos.files()]), done: close });
  if (!form.dataset.typed) restore();
  // Without consent the server kept none of them: they stay on the phone and in the form.
  if (!form.dataset.photos && carried.length) photos.restore(carried.splice(0));

  function later() {
    clearTimeout(waiting);
    waiting = setTimeout(keep, 400);
  }

  function close() {
    state.closed = true;
    clearTimeout(waiting);
    return forgetDraft();
  }

  async function keep() {
    clearTimeout(waiting);
    if (state.closed) return;
    const values = Object.fromEntries(PLAIN_FIELDS.map((name) => [name, form.elements[name]?.value ?? ""]));
    const files = [...carried, ...photos.files()];
    const typed = files.length || ["category", "community", "place_note", "description"].some((name) => values[name]);
    if (!typed) return;
    await keepDraft({ member: form.dataset.member, key: form.elements.key.value, values, where: where.source(), files });
  }

  async function restore() {
    const draft = await readDraft(form.dataset.member);
    if (!draft || photos.files().length) return;
    form.elements.key.value = draft.key;
    for (const name of PLAIN_FIELDS) {
      const field = form.elements[name];
      if (field && draft.values[name] && !field.value) field.value = draft.values[name];
    }
    photos.restore(draft.files);
    where.restore(draft.where);
    kind.show({ quiet: true });
    clear.hidden = false;
  }
}
