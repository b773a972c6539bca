// The built-in map: boundaries on plain ground, a cross in the middle. Loaded when it is opened.
import "leaflet/dist/leaflet.css";
import "../css/map.css";
import { Map as LeafletMap, geoJSON, latLngBounds } from "leaflet/dist/leaflet-src.esm.js";

const STILL = { animate: false };

let shown = null;

/** Draw the map once and return it; `moved` hears the name of the area under the cross. */
export async function showMap(box, { boundaries, bounds, at, moved }) {
  if (!shown || !box.contains(shown.map.getContainer())) {
    box.textContent = "";
    const frame = document.createElement("div");
    frame.className = "map-frame";
    const cross = document.createElement("div");
    cross.className = "map-cross";
    box.append(frame, cross);
    const map = new LeafletMap(frame, { zoomControl: true, zoomSnap: 0.5, keyboard: true });
    map.attributionControl.setPrefix(false);
    const around = latLngBounds([bounds[0], bounds[1]], [bounds[2], bounds[3]]);
    map.fitBounds(around, STILL);
    const areas = await readAreas(boundaries);
    const layer = geoJSON(areas, { style: { className: "map-area", weight: 1.5 }, interactive: false }).addTo(map);
    for (const area of layer.getLayers()) {
      const name = nameOf(area.feature);
      if (name) area.bindTooltip(name, { permanent: true, direction: "center", className: "map-name" });
    }
    if (layer.getLayers().length) map.fitBounds(layer.getBounds(), { padding: [12, 12], ...STILL });
    const fit = map.getZoom();
    // From far away the names would lie on top of each other.
    const far = () => frame.classList.toggle("is-far", map.getZoom() < fit + 1.5);
    map.on("zoomend", far);
    far();
    map.setMaxBounds(around.pad(0.3));
    shown = { map, layer, center: () => map.getCenter() };
    shown.hear = () => {};
    map.on("moveend", () => shown.hear(areaUnder(shown.layer, map.getCenter())));
  }
  shown.hear = moved;
  shown.map.invalidateSize();
  if (at) shown.map.setView(at, Math.max(shown.map.getZoom(), 16), STILL);
  shown.hear(areaUnder(shown.layer, shown.map.getCenter()));
  return shown;
}

async function readAreas(address) {
  try {
    const answer = await fetch(address, { headers: { Accept: "application/json" } });
    return answer.ok ? await answer.json() : { type: "FeatureCollection", features: [] };
  } catch {
    return { type: "FeatureCollection", features: [] };
  }
}

const nameOf = (feature) => feature?.properties?.name ?? "";

function areaUnder(layer, { lat, lng }) {
  const found = layer.getLayers().find((area) => contains(area.feature.geometry, lng, lat));
  return found ? nameOf(found.feature) : "";
}

/** Tell whether a polygon holds a point: inside its outer ring and in no hole. */
function contains({ type, coordinates }, x, y) {
  const polygons = type === "Polygon" ? [coordinates] : type === "MultiPolygon" ? coordinates : [];
  return polygons.some((rings) => inRing(rings[0], x, y) && !rings.slice(1).some((hole) => inRing(hole, x, y)));
}

function inRing(ring, x, y) {
  let inside = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const [xi, yi] = ring[i];
    const [xj, yj] = ring[j];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
  }
  return inside;
}
