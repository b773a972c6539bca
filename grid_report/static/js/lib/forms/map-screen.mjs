import { closeDialog, openDialog } from "../dialogs.mjs";
import { loadStyle } from "../styles.mjs";

let turns = 0;

/** Open the map; `take` hears the spot that is chosen on it. `at`: where it begins, `me`: where the phone is. */
export async function openMap(form, { say, at, me, take }) {
  const screen = document.querySelector("[data-map-screen]");
  const where = screen.querySelector("[data-map-where]");
  const button = screen.querySelector("[data-map-take]");
  // Nothing can be taken from a map that is not there yet.
  button.disabled = true;
  where.textContent = "\u00a0";
  openDialog(screen);
  const mine = ++turns;
  let map;
  try {
    map = await drawMap(form, screen, { at, me }, (spot) => {
      button.disabled = !spot.served;
      where.textContent = spot.served ? spot.name || say("map_no_area") : say("map_outside");
    });
  } catch {
    if (mine === turns) where.textContent = say("map_failed");
    return;
  }
  button.onclick = () => {
    take(map.center());
    closeDialog(screen);
  };
}

/** Load what the map needs, then draw it: without its styles it has no size and stays blank. */
async function drawMap(form, screen, { at, me }, moved) {
  const { mapScript, mapStyle, boundaries, south, west, north, east } = form.dataset;
  const [{ showMap }] = await Promise.all([import(mapScript), loadStyle(mapStyle)]);
  const bounds = [south, west, north, east].map(Number);
  return showMap(screen.querySelector("[data-map-box]"), { boundaries, bounds, at: at && [at.lat, at.lng], me, moved });
}
