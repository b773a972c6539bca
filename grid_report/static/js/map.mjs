// The built-in map: boundaries on plain ground, a cross in the middle. Loaded when it is opened.
import "leaflet/dist/leaflet.css";
import "../css/map.css";
import { Map as LeafletMap, geoJSON, latLngBounds } from "leaflet/dist/leaflet-src.esm.js";
import { contains, nameOf } from "./lib/areas.mjs";

const STILL = { animate: false };

let shown = null;
let drawing = null;

/**
 * Draw the map once and return it. `moved` hears what is under the cross: the name of the area,
 * and whether it lies in the county at all. Throws where the map has no room to be seen in.
 */
export async function showMap(box, { boundaries, bounds, at, moved }) {
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
  if (at) shown.map.setView(at, Math.max(shown.map.getZoom(), 16), STILL);
  shown.tell();
  return shown;
}

async function draw(box, boundaries, bounds) {
  box.textContent = "";
  const frame = document.createElement("div");
  frame.className = "map-frame";
  const cross = document.createElement("div");
  cross.className = "map-cross";
  box.append(frame, cross);
  const map = new LeafletMap(frame, { zoomControl: true, zoomSnap: 0.5, keyboard: true });
  map.attributionControl.setPrefix(false);
  const county = latLngBounds([bounds[0], bounds[1]], [bounds[2], bounds[3]]);
  map.fitBounds(county, STILL);
  const areas = await readAreas(boundaries);
  const layer = geoJSON(areas, { style: { className: "map-area", weight: 1.5 }, interactive: false }).addTo(map);
  for (const area of layer.getLayers()) {
    const name = nameOf(area.feature);
    if (name) area.bindTooltip(name, { permanent: true, direction: "center", className: "map-name" });
  }
  let fit = Infinity;
  // From far away the names would lie on top of each other.
  const far = () => frame.classList.toggle("is-far", map.getZoom() < fit + 1.5);
  map.on("zoomend", far);
  const drawn = {
    map,
    fitted: false,
    hear: () => {},
    center: () => map.getCenter(),
    fit() {
      map.fitBounds(county, STILL);
      if (layer.getLayers().length) map.fitBounds(layer.getBounds(), { padding: [12, 12], ...STILL });
      fit = map.getZoom();
      far();
      map.setMaxBounds(county.pad(0.3));
      drawn.fitted = true;
    },
    tell() {
      const spot = map.getCenter();
      drawn.hear({ name: areaUnder(layer, spot), served: county.contains(spot) });
    },
  };
  map.on("moveend", () => drawn.fitted && drawn.tell());
  return drawn;
}

async function readAreas(address) {
  try {
    const answer = await fetch(address, { headers: { Accept: "application/json" } });
    return answer.ok ? await answer.json() : { type: "FeatureCollection", features: [] };
  } catch {
    return { type: "FeatureCollection", features: [] };
  }
}

function areaUnder(layer, { lat, lng }) {
  const found = layer.getLayers().find((area) => contains(area.feature.geometry, lng, lat));
  return found ? nameOf(found.feature) : "";
}
