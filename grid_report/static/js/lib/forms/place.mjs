import { closeDialog, openDialog } from "../dialogs.mjs";
import { loadStyle } from "../styles.mjs";

const GOOD_ENOUGH_M = 30;
const PATIENCE_MS = 12000;

/** Find the spot: by the phone, by the photo, on the map or from the list. The last word wins. */
export function place(form, { say, changed }) {
  const box = form.querySelector("[data-place]");
  const title = form.querySelector("[data-place-words]");
  const detail = form.querySelector("[data-place-detail]");
  const community = form.elements.community;
  const compound = form.elements.compound;
  const sources = { here: "phone", photo: "phone", map: "pin", list: "list" };
  let from = first();
  let asked = false;
  let turn = 0;
  let mapTurn = 0;
  let me = null;

  form.querySelector("[data-here]").addEventListener("click", () => locate());
  form.querySelector("[data-map]").addEventListener("click", openMap);
  community.addEventListener("change", () => {
    narrow();
    if (community.value) chosenFromList();
  });
  compound.addEventListener("change", () => {
    const group = compound.selectedOptions[0]?.parentElement;
    if (compound.value && group?.dataset.community) community.value = group.dataset.community;
    narrow();
    if (compound.value) chosenFromList();
  });
  narrow();
  if (from) look();

  function first() {
    if (form.elements.lat.value) return form.elements.source.value === "pin" ? "map" : "here";
    return "";
  }

  function locate() {
    if (!form.dataset.position) return say2(say("choose_place"));
    asked = true;
    if (!navigator.geolocation) return say2(say("denied"));
    const mine = ++turn;
    say2(say("locating"));
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
      if (mine !== turn) return;
      if (best) me = { lat: best.latitude, lng: best.longitude, accuracy: best.accuracy };
      if (best) set({ lat: best.latitude, lng: best.longitude, accuracy: best.accuracy, source: "here" });
      else say2(say(problem));
    }
  }

  function say2(words) {
    detail.textContent = words;
  }

  function set({ lat, lng, accuracy, source }) {
    turn += 1;
    from = source;
    form.elements.source.value = sources[source];
    form.elements.lat.value = lat.toFixed(6);
    form.elements.lng.value = lng.toFixed(6);
    form.elements.datum.value = "wgs84";
    form.elements.accuracy_m.value = accuracy ? Math.round(accuracy) : "";
    // A position says more than a list; a compound that was chosen by hand stays.
    if (source !== "list") {
      community.value = "";
      compound.value = "";
      narrow();
    }
    look();
    changed();
  }

  /** Show what is known at once, then who answers for the spot. */
  async function look() {
    const words = { here: say("here"), photo: say("from_photo"), map: say("from_map"), list: say("from_list") };
    const accuracy = form.elements.accuracy_m.value;
    const parts = [words[from] ?? "", accuracy ? say("accuracy", { m: accuracy }) : ""].filter(Boolean);
    box.classList.add("is-set");
    if (from === "list") {
      title.textContent = [community, compound].map((select) => (select.value ? select.selectedOptions[0].textContent : "")).filter(Boolean).join(" · ");
      detail.textContent = parts.join(" · ");
      return;
    }
    title.textContent = parts.shift() ?? "";
    detail.textContent = parts.join(" · ");
    const mine = turn;
    const found = await whose(form.elements.lat.value, form.elements.lng.value);
    if (mine !== turn || !found) return;
    title.textContent = found.words;
    detail.textContent = [words[from], ...parts].filter(Boolean).join(" · ");
  }

  async function whose(lat, lng) {
    try {
      const query = new URLSearchParams({ lat, lng, datum: "wgs84" });
      const answer = await fetch(`${form.dataset.locate}?${query}`, { headers: { Accept: "application/json" } });
      const body = await answer.json();
      if (!answer.ok) return { words: Object.values(body.errors ?? {}).flat()[0] ?? body.detail };
      return body.community ? { words: `${body.community.name} · ${body.community.street.name}` } : null;
    } catch {
      return null; // without network the server finds out when it is sent
    }
  }

  function chosenFromList() {
    turn += 1;
    from = "list";
    form.elements.source.value = sources.list;
    for (const name of ["lat", "lng", "accuracy_m"]) form.elements[name].value = "";
    look();
    changed();
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

  async function openMap() {
    const screen = document.querySelector("[data-map-screen]");
    const where = screen.querySelector("[data-map-where]");
    const take = screen.querySelector("[data-map-take]");
    // Nothing can be taken from a map that is not there yet.
    take.disabled = true;
    where.textContent = "\u00a0";
    openDialog(screen);
    const mine = ++mapTurn;
    let map;
    try {
      map = await drawMap(screen, (spot) => {
        take.disabled = !spot.served;
        where.textContent = spot.served ? spot.name || say("map_no_area") : say("map_outside");
      });
    } catch {
      if (mine === mapTurn) where.textContent = say("map_failed");
      return;
    }
    take.onclick = () => {
      const spot = map.center();
      set({ lat: spot.lat, lng: spot.lng, accuracy: 0, source: "map" });
      closeDialog(screen);
    };
  }

  /** Load what the map needs, then draw it: without its styles it has no size and stays blank. */
  async function drawMap(screen, moved) {
    const [{ showMap }] = await Promise.all([import(form.dataset.mapScript), loadStyle(form.dataset.mapStyle)]);
    const bounds = [Number(form.dataset.south), Number(form.dataset.west), Number(form.dataset.north), Number(form.dataset.east)];
    const { lat, lng } = form.elements;
    const at = lat.value ? [Number(lat.value), Number(lng.value)] : null;
    return showMap(screen.querySelector("[data-map-box]"), { boundaries: form.dataset.boundaries, bounds, at, me, moved });
  }

  return {
    source: () => from,
    /** Ask the phone once, at the first photo: then people see what the question is for. */
    locateOnce() {
      if (!asked && !from) locate();
    },
    fromPhoto(spot) {
      if (!form.dataset.position || from === "map" || from === "list") return;
      set({ ...spot, accuracy: 0, source: "photo" });
    },
    restore(source) {
      narrow();
      from = source || first() || (community.value ? "list" : "");
      // A draft from before the consent was taken back: what the phone said of the place goes.
      if (sources[from] === "phone" && !form.dataset.position) {
        for (const name of ["lat", "lng", "accuracy_m", "source"]) form.elements[name].value = "";
        from = "";
      }
      if (from) look();
    },
    /** Just agreed: only now is the phone asked. */
    allowed() {
      form.querySelector("[data-here]").hidden = false;
      locate();
    },
    isSet: () => Boolean(form.elements.lat.value || community.value || compound.value),
  };
}
