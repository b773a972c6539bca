// The built-in map: streets where there are any, communities, compounds and landmarks, a cross in the
// middle. Loaded when it is opened; what it needs of streets only where there are some.
import "leaflet/dist/leaflet.css";
import "../css/map.css";
import { circle, circleMarker, Control, DomEvent, geoJSON, GridLayer, latLngBounds, Map as LeafletMap, tileLayer } from "leaflet/dist/leaflet-src.esm.js";
import { contains, nameOf } from "./lib/areas.mjs";
import { toGcj02, toWgs84 } from "./lib/ground/datum.mjs";
import { labels } from "./lib/ground/labels.mjs";

const STILL = { animate: false };
const NEAREST_ZOOM = 19;
const NEAR_M = 150;
const NOTHING = { ground: null, spots: [], words: {} };

let shown = null;
let drawing = null;

/**
 * Draw the map once and return it. `moved` hears what is under the cross: the name of the area,
 * and whether it lies in the county at all. `me` is where the phone is, and within how many metres.
 * Throws where the map has no room to be seen in.
 */
export async function showMap(box, { boundaries, bounds, at, me, moved }) {
  if (!shown || !box.contains(shown.map.getContainer())) {
    // Closed and opened again while the areas were on their way: still one map.
    drawing ??= draw(box, boundaries, bounds).finally(() => { drawing = null; });
    shown = await drawing;
  }
  shown.hear = moved;
  shown.map.invalidateSize();
  const size = shown.map.getSize();
  if (!size.x || !size.y) throw new Error("the map has no size");
  if (!shown.fitted) shown.fit();
  shown.mark(at, me);
  const start = at ?? (me && [me.lat, me.lng]);
  if (start) shown.map.setView(shown.here(start), Math.max(shown.map.getZoom(), 16), STILL);
  shown.tell();
  return shown;
}

async function draw(box, boundaries, bounds) {
  const address = new URL(boundaries, document.baseURI);
  const [areas, { ground, spots, words }] = await Promise.all([
    ask(address, { type: "FeatureCollection", features: [] }),
    ask(new URL("ground.json", address), NOTHING),
  ]);
  box.textContent = "";
  const frame = div("map-frame");
  const cross = div("map-cross");
  box.append(frame, cross);
  // Some providers draw shifted: then the whole map stands in their positions, and says ours.
  const here = ground?.datum === "gcj02" ? toGcj02 : (spot) => spot;
  const back = ground?.datum === "gcj02" ? toWgs84 : (spot) => spot;
  // A zoom that is still on its way would take back whatever is pressed meanwhile.
  const map = new LeafletMap(frame, { zoomControl: false, attributionControl: false, zoomSnap: 0.5, maxZoom: NEAREST_ZOOM, keyboard: true, zoomAnimation: false });
  if (words.map) frame.setAttribute("aria-label", words.map);
  frame.setAttribute("role", "application");
  new Control.Zoom({ zoomInTitle: words.in ?? "+", zoomOutTitle: words.out ?? "−" }).addTo(map);
  const county = latLngBounds(here([bounds[0], bounds[1]]), here([bounds[2], bounds[3]]));
  map.fitBounds(county, STILL);
  const layer = geoJSON(areas, { style: { className: "map-area", weight: 1.5 }, interactive: false, coordsToLatLng: ([lng, lat]) => here([lat, lng]) }).addTo(map);
  let fit = Infinity;
  const look = colours(frame);
  const streets = await underneath(map, box, frame, ground, look);
  const said = labels(map, [spotNames, areaNames, streetNames], look);
  streets?.layer.on("load tileload", said.soon);
  let marks = [];
  let toMe = null;
  const drawn = {
    map,
    here,
    fitted: false,
    hear: () => {},
    center() {
      const { lat, lng } = map.getCenter();
      const [trueLat, trueLng] = back([lat, lng]);
      return { lat: trueLat, lng: trueLng };
    },
    fit() {
      map.fitBounds(county, STILL);
      if (layer.getLayers().length) map.fitBounds(layer.getBounds(), { padding: [12, 12], ...STILL });
      fit = map.getZoom();
      map.setMaxBounds(county.pad(0.3));
      drawn.fitted = true;
    },
    mark(at, me) {
      for (const mark of marks) mark.remove();
      toMe?.remove();
      marks = at && !(me && at[0] === Number(me.lat.toFixed(6)) && at[1] === Number(me.lng.toFixed(6))) ? [circleMarker(here(at), { radius: 7, className: "map-was", interactive: false })] : [];
      if (me) {
        const spot = here([me.lat, me.lng]);
        if (me.accuracy) marks.push(circle(spot, { radius: me.accuracy, className: "map-around", interactive: false }));
        marks.push(circleMarker(spot, { radius: 8, className: "map-me", interactive: false }));
        toMe = meButton(words.me, () => map.setView(spot, Math.max(map.getZoom(), 16), STILL)).addTo(map);
      }
      for (const mark of marks) mark.addTo(map);
    },
    tell() {
      const spot = map.getCenter();
      const { lat, lng } = drawn.center();
      const name = [areaUnder(areas, lat, lng), near(spot)].filter(Boolean).join(" · ");
      drawn.hear({ name, served: county.contains(spot) });
    },
  };
  map.on("moveend", () => drawn.fitted && drawn.tell());
  keep();
  return drawn;

  function* areaNames(zoom, { ink, size }) {
    // From far away the names would lie on top of each other.
    if (zoom < fit + 1.5) return;
    for (const area of layer.getLayers()) {
      const text = nameOf(area.feature);
      if (text) yield { text, size, weight: 600, ink, spot: () => map.latLngToContainerPoint(area.getBounds().getCenter()) };
    }
  }

  function* spotNames(zoom, { civic, brand, size }) {
    if (zoom < 15) return;
    const view = map.getBounds();
    for (const [sort, text, lat, lng] of spots) {
      const spot = here([lat, lng]);
      if (view.contains(spot)) yield { text, size, dot: sort, ink: sort === "compound" ? civic : brand, spot: () => map.latLngToContainerPoint(spot) };
    }
  }

  function* streetNames(zoom, { soft, size }) {
    if (!streets || zoom < 13) return;
    const origin = map.getPixelOrigin();
    const corner = map.containerPointToLayerPoint([0, 0]);
    for (const { text, points, tile } of streets.named()) {
      const side = 256 * 2 ** (zoom - tile.z);
      const line = () => points.map(([x, y]) => [(tile.x + x) * side - origin.x - corner.x, (tile.y + y) * side - origin.y - corner.y]);
      yield { text, size: size - 1, ink: soft, line };
    }
  }

  /** Name the compound or landmark next to the cross: also for those who do not see the map. */
  function near(spot) {
    let best = null;
    for (const [, name, lat, lng] of spots) {
      const away = map.distance(spot, here([lat, lng]));
      if (away <= (best?.away ?? NEAR_M)) best = { name, away };
    }
    return best ? (words.near ?? "{name}").replace("{name}", () => best.name) : "";
  }
}

/** Have the map kept on the phone from now on, for where there is no network: behind the form itself. */
async function keep() {
  const worker = await navigator.serviceWorker?.ready;
  worker?.active?.postMessage({ map: true });
}

/** Put the ground under the map: a file's streets, a provider's tiles, or nothing. */
async function underneath(map, box, frame, ground, look) {
  if (!ground) return null;
  let streets = null;
  if (ground.kind === "file") {
    const { streets: make } = await import("./lib/ground/streets.mjs");
    streets = make(GridLayer, ground, look);
    streets.layer.addTo(map);
  } else {
    for (const template of ground.tiles) {
      const { subdomains, min_zoom: minZoom, max_zoom: maxNativeZoom } = ground;
      // A provider that knows its customers by their address is told the site's, and no page of it.
      tileLayer(template, { subdomains, minZoom, maxNativeZoom, maxZoom: NEAREST_ZOOM, referrerPolicy: "strict-origin" }).addTo(map);
    }
  }
  frame.classList.add("has-ground");
  const credit = div("map-credit");
  credit.textContent = ground.credit;
  box.append(credit);
  return streets;
}

function meButton(title = "", go) {
  const made = new Control({ position: "topleft" });
  made.onAdd = () => {
    const bar = div("leaflet-bar");
    const button = document.createElement("a");
    button.href = "#";
    button.className = "map-to-me";
    button.textContent = "◎";
    button.setAttribute("role", "button");
    button.title = title;
    button.setAttribute("aria-label", title);
    bar.append(button);
    DomEvent.disableClickPropagation(bar);
    DomEvent.on(button, "click", (event) => {
      DomEvent.stop(event);
      go();
    });
    return bar;
  };
  return made;
}

function div(className) {
  const made = document.createElement("div");
  made.className = className;
  return made;
}

/** Read the colours of the page as it looks now: by day, by night, with big text. */
function colours(frame) {
  return () => {
    const style = getComputedStyle(frame);
    const of = (name) => style.getPropertyValue(name).trim();
    const [soft, line] = [of("--ink-soft"), of("--line")];
    // By night roads are lighter than the ground, as they are by day.
    const roads = style.colorScheme.includes("dark")
      ? { water: of("--civic-wash"), minor: line, medium: line, major: of("--edge"), highway: of("--edge"), edge: of("--paper") }
      : { water: of("--heat-1"), minor: of("--card"), medium: of("--card"), major: of("--warn-wash"), highway: of("--brand-wash"), edge: of("--edge") };
    return {
      ...roads, green: of("--ok-wash"), house: line, rail: soft, path: line,
      ink: of("--ink"), soft, civic: of("--civic"), brand: of("--brand"), halo: of("--card"), font: style.fontFamily, size: parseFloat(style.fontSize),
    };
  };
}

async function ask(address, otherwise) {
  try {
    const answer = await fetch(address, { headers: { Accept: "application/json" } });
    return answer.ok ? await answer.json() : otherwise;
  } catch {
    return otherwise;
  }
}

function areaUnder({ features }, lat, lng) {
  const found = features.find((area) => contains(area.geometry, lng, lat));
  return found ? nameOf(found) : "";
}
