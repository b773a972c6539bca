import { closeDialog, openDialog } from "../dialogs.mjs";

/**
 * Ask, once kind and place are there, whether somebody reported the same: each with its photo large.
 * The answer is the field `join` of the form. Without network nothing is asked, and nothing waits.
 */
export function twins(form, { say }) {
  const screen = document.querySelector("[data-twins-screen]");
  const join = form.elements.join;
  const line = form.querySelector("[data-join-line]");
  if (!screen || !join || !line) return;
  const part = (name) => screen.querySelector(`[data-twin-${name}]`);
  const different = new Set();
  let about = "";
  let found = [];

  form.addEventListener("change", ({ target }) => {
    if (["category", "community", "compound"].includes(target.name)) look();
  });
  // The place is written by scripts: a hidden field tells nobody, but its attribute changes.
  new MutationObserver(look).observe(form.elements.lat, { attributes: true, attributeFilter: ["value"] });
  // Never over a word that is being typed, nor over the numbers to call.
  form.addEventListener("focusout", () => setTimeout(offer));
  document.addEventListener("close", () => setTimeout(offer), true);
  part("same").onclick = same;
  part("other").onclick = other;
  form.querySelector("[data-join-undo]").addEventListener("click", () => choose(""));
  look();

  async function look() {
    const kind = form.querySelector('input[name="category"]:checked');
    const { lat, lng, datum } = form.elements;
    const there = kind && lat.value && !("sensitive" in kind.dataset);
    // A few metres more or less are the same place.
    const now = there ? [kind.value, Number(lat.value).toFixed(4), Number(lng.value).toFixed(4)].join() : "";
    if (now === about) return;
    about = now;
    found = [];
    if (join.value) choose("");
    if (!now || navigator.onLine === false) return;
    const query = new URLSearchParams({ lat: lat.value, lng: lng.value, datum: datum.value, category: kind.value });
    try {
      const answer = await fetch(`${form.dataset.nearby}?${query}`, { headers: { Accept: "application/json" } });
      const { items = [] } = answer.ok ? await answer.json() : {};
      if (about !== now) return;
      found = items.filter((it) => !different.has(it.number));
    } catch {
      return; // it goes as a report of its own, and people find the twin
    }
    offer();
  }

  function offer() {
    if (!found.length || !form.isConnected || screen.open || document.querySelector("dialog[open]")) return;
    if (document.activeElement?.matches('textarea, select, input:not([type="radio"])')) return;
    show();
  }

  function show() {
    const it = found[0];
    const photo = part("photo");
    photo.hidden = !it.photo;
    if (it.photo) photo.src = it.photo;
    else photo.removeAttribute("src");
    // As the form calls it: its language may be another one than the browser's.
    part("kind").textContent = form.querySelector(`input[name="category"][value="${it.category}"]`)?.dataset.name ?? it.category_name;
    part("where").textContent = say(it.age_h ? "twin_hours" : "twin_now", { m: it.distance_m, h: it.age_h, number: it.number });
    part("mine").hidden = !it.joined;
    openDialog(screen);
  }

  function same() {
    choose(found[0].number);
    found = [];
    closeDialog(screen);
    // One tap: the photo is taken already. What is still missing the form says itself.
    document.querySelector("[data-send]").click();
  }

  function other() {
    different.add(found.shift().number);
    if (found.length) show();
    else closeDialog(screen);
  }

  function choose(number) {
    join.value = number;
    line.hidden = !number;
    line.querySelector("[data-join-words]").textContent = number ? say("joins", { number }) : "";
  }
}
