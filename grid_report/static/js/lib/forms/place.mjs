const GOOD_ENOUGH_M = 30;
const PATIENCE_MS = 12000;

// What a form says of how its place was found, by how it was.
const SOURCES = { here: "phone", photo: "phone", map: "pin", list: "list", qr: "qr" };
const MEASURED = ["lat", "lng", "accuracy_m"];

/**
 * Which of two positions counts until the rider says so: of a photo from the album where it was taken,
 * of one taken just now where the phone is.
 */
export const taken = ({ here, photo }) => (photo && (photo.album || !here) ? "photo" : here ? "here" : "");

/** Find the spot: by the phone, by the photo, on the map or from the list. The last word wins. */
export function place(form, { say, changed }) {
  const box = form.querySelector("[data-place]");
  const title = form.querySelector("[data-place-words]");
  const detail = form.querySelector("[data-place-detail]");
  const line = document.querySelector("[data-place-line]");
  const { community, compound } = form.elements;
  // Where the phone is and where the photo was taken, as far as that is known.
  const spots = { here: null, photo: null };
  let from = first();
  let asked = false;
  let settled = false;
  let turn = 0;
  let tries = 0;
  let helper = null;

  form.querySelector("[data-here]").addEventListener("click", () => locate(true));
  form.querySelector("[data-map]").addEventListener("click", openMap);
  form.addEventListener("change", () => around(), { once: true });
  form.addEventListener("click", ({ target }) => {
    const chip = target.closest("[data-gate], [data-notes] button");
    if (chip) around().then((it) => it && it.press(chip));
  });
  for (const select of [community, compound]) select.addEventListener("change", () => listed(select));
  form.querySelector("[data-gate]").hidden = !navigator.mediaDevices?.getUserMedia;
  narrow();
  begin();

  /** How the place of this form was found: a photo says nothing of how exact it is, a phone always does. */
  function first() {
    const { lat, source, accuracy_m, scanned } = form.elements;
    if (lat.value && !["qr", "list"].includes(source.value)) return source.value === "pin" ? "map" : accuracy_m.value ? "here" : "photo";
    const byCode = source.value ? source.value === "qr" : Boolean(scanned);
    return community.value || compound.value ? (byCode ? "qr" : "list") : "";
  }

  /** Say what the form came with, or that nothing is known yet. */
  function begin() {
    if (!from) return mark(say("no_place"));
    if (from in spots) spots[from] = { ...position(), accuracy: Number(form.elements.accuracy_m.value), album: true };
    return look();
  }

  function position() {
    const { lat, lng } = form.elements;
    return lat.value ? { lat: Number(lat.value), lng: Number(lng.value) } : null;
  }

  function locate(wanted = false) {
    if (!form.dataset.position) return tell(say("choose_place"));
    asked = true;
    if (!navigator.geolocation) return tell(say("denied"));
    const mine = ++tries;
    tell(say("locating"));
    // Weak receivers start rough and get better: take the best of a few seconds.
    let best = null;
    const watch = navigator.geolocation.watchPosition(
      ({ coords }) => {
        if (!best || coords.accuracy < best.accuracy) best = coords;
        if (best.accuracy <= GOOD_ENOUGH_M) finish();
      },
      (problem) => {
        if (!best) finish(problem.code === 1 ? "denied" : "no_fix");
      },
      { enableHighAccuracy: true, timeout: PATIENCE_MS, maximumAge: 15000 },
    );
    const patience = setTimeout(() => finish(best ? "" : "no_fix"), PATIENCE_MS);

    function finish(problem = "") {
      clearTimeout(patience);
      navigator.geolocation.clearWatch(watch);
      if (mine !== tries) return;
      tries += 1;
      if (best) {
        spots.here = { lat: best.latitude, lng: best.longitude, accuracy: best.accuracy };
        if (wanted) take("here");
        else weigh();
      } else if (wanted || !from) tell(say(problem));
    }
  }

  function write(words, rest, inShort) {
    title.textContent = words;
    detail.textContent = rest.join(" · ");
    mark(inShort[0], inShort[1]);
  }

  /** Say something about the place; above the button too, as long as none is known. */
  function tell(words) {
    detail.textContent = words;
    if (!from) mark(words);
  }

  /** The line above the button: what would be sent, in short. */
  function mark(words, short = "") {
    line.classList.toggle("is-set", Boolean(from));
    line.querySelector("span").textContent = words;
    line.querySelector("small").textContent = short && ` · ${short}`; // never cut off
  }

  function take(name) {
    settled = true;
    set({ ...spots[name], source: name });
  }

  /** Take the better of what phone and photo say, unless something was chosen by hand. */
  function weigh() {
    const name = taken(spots);
    const now = position();
    if (!name) clear();
    else if (name === from && now && spots[name].lat.toFixed(6) === now.lat.toFixed(6)) around();
    else set({ ...spots[name], source: name });
  }

  function clear() {
    turn += 1;
    from = "";
    for (const name of [...MEASURED, "source"]) form.elements[name].value = "";
    box.classList.remove("is-set");
    title.textContent = say("no_place");
    tell(say("choose_place"));
    around();
    changed();
  }

  function set({ lat, lng, accuracy, source }) {
    turn += 1;
    from = source;
    form.elements.source.value = SOURCES[source];
    form.elements.lat.value = lat.toFixed(6);
    form.elements.lng.value = lng.toFixed(6);
    form.elements.datum.value = "wgs84";
    form.elements.accuracy_m.value = accuracy ? Math.round(accuracy) : "";
    // The last word wins: a position says more than what was chosen before it.
    community.value = "";
    compound.value = "";
    narrow();
    look();
    changed();
  }

  /** Show what is known at once, then who answers for the spot. */
  async function look() {
    const by = { here: say("here"), photo: say("from_photo"), map: say("from_map"), list: say("from_list"), qr: say("from_qr") }[from];
    const m = from === "qr" ? "" : form.elements.accuracy_m.value;
    const more = [by, m ? say("accuracy", { m }) : ""].filter(Boolean);
    const short = m ? say("m", { m }) : by;
    box.classList.add("is-set");
    around();
    const names = [community, compound].filter(({ value }) => value).map((select) => select.selectedOptions[0].textContent);
    if (names.length) return write(names.join(" · "), more, [names.join(" · "), short]);
    write(more[0], more.slice(1), m ? [by, short] : [by]);
    const mine = turn;
    const found = await whose(position());
    if (mine === turn && found) write(found.words, more, [found.name ?? found.words, short]);
  }

  async function whose({ lat, lng }) {
    try {
      const query = new URLSearchParams({ lat, lng, datum: "wgs84" });
      const answer = await fetch(`${form.dataset.locate}?${query}`, { headers: { Accept: "application/json" } });
      const body = await answer.json();
      if (!answer.ok) return { words: Object.values(body.errors ?? {}).flat()[0] ?? body.detail };
      return body.community ? { words: `${body.community.name} · ${body.community.street.name}`, name: body.community.name } : null;
    } catch {
      return null; // without network the server finds out when it is sent
    }
  }

  /** Chosen by hand, by list or code; a position that fits what was chosen may stay. */
  function byHand(source, keeps = false) {
    turn += 1;
    tries += 1;
    from = source;
    form.elements.source.value = SOURCES[source];
    if (!keeps) for (const name of MEASURED) form.elements[name].value = "";
    look();
    changed();
  }

  /** What the lists say now: a place by hand, or, taken back, again what phone and photo said. */
  function listed(select) {
    const group = compound.selectedOptions[0]?.parentElement;
    if (select === compound && compound.value && group?.dataset.community) community.value = group.dataset.community;
    else if (!community.value || (select === compound && position())) community.value = compound.value = "";
    narrow();
    if (community.value) return byHand("list");
    if (!position()) return weigh();
    look();
    return changed();
  }

  /** Have what helps beside this, once somebody began: chips, the code at the gate, which of two. */
  function around() {
    const failed = () => { helper = null; };
    helper ??= import("./around.mjs").then((it) => it.around(form, hook), failed);
    return helper.then((it) => {
      if (it) it.show();
      return it;
    });
  }

  /** Offer the compounds of the chosen community only. */
  function narrow() {
    for (const group of compound.querySelectorAll("optgroup")) {
      const away = Boolean(community.value) && group.dataset.community !== community.value;
      group.hidden = away;
      group.disabled = away;
    }
    if (compound.selectedOptions[0]?.parentElement.disabled) compound.value = "";
  }

  /** The map is fetched when it is asked for; without it the list is still there. */
  async function openMap() {
    try {
      const screen = await import("./map-screen.mjs");
      await screen.openMap(form, { say, at: position(), me: spots.here, take: pinned });
    } catch {
      tell(say("map_failed"));
    }
  }

  function pinned({ lat, lng }) {
    tries += 1;
    set({ lat, lng, accuracy: 0, source: "map" });
  }

  const hook = {
    say, take, tell, whose, pinned, narrow, byHand,
    here: position,
    source: () => from,
    spots,
    /** Nothing was chosen by hand: which of phone and photo counts is still to be said. */
    isOpen: () => !settled && !compound.value && from in spots,
  };

  return {
    source: () => from,
    /** Ask the phone once, at the first photo: then people see what the question is for. */
    locateOnce() {
      if (!asked && !from) locate();
    },
    /** Where the photo was taken; null: the photo that said so is gone. */
    fromPhoto(spot) {
      if (!form.dataset.position) return;
      spots.photo = spot;
      settled = false;
      if (!compound.value && (!from || from in spots)) weigh();
    },
    /** The code at the gate opened this page. */
    scanned: (code) => around().then((it) => it && it.scanned(code)),
    /** The report is kept: its place is offered again, if somebody chose it. */
    used() {
      if (from) around().then((it) => it && it.remember());
    },
    restore(source) {
      narrow();
      from = source || first();
      // A draft from before the consent was taken back: what the phone said of the place goes.
      if (SOURCES[from] === "phone" && !form.dataset.position) {
        for (const name of [...MEASURED, "source"]) form.elements[name].value = "";
        from = "";
      }
      begin();
    },
    /** Just agreed: only now is the phone asked. */
    allowed() {
      form.querySelector("[data-here]").hidden = false;
      locate();
    },
  };
}
