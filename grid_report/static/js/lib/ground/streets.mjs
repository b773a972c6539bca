// Streets from the file the operator loaded: read by byte range, painted on canvas tiles. Loaded only
// where there is such a file.
import { VectorTile } from "@mapbox/vector-tile";
import { PbfReader } from "pbf";
import { FetchSource, PMTiles } from "pmtiles";
import { calledIn, isRoad, kindOf, ORDER, widthOf } from "./kinds.mjs";

const SIDE = 512;
const MOST_KEPT = 48;

/** Make Leaflet's layer of a file; `words` gives the names of its streets for the canvas above it. */
export function streets(GridLayer, { address, min_zoom: minZoom, max_zoom: maxZoom }, look) {
  const archive = new PMTiles(new FetchSource(new URL(address, document.baseURI).href));
  const language = document.documentElement.lang.startsWith("en") ? "en" : "zh";
  const kept = new Map();

  /** Return a tile's features, read once; tiles at the edge of the file have none. */
  function read(z, x, y) {
    const key = `${z}/${x}/${y}`;
    if (!kept.has(key)) {
      if (kept.size >= MOST_KEPT) kept.delete(kept.keys().next().value);
      const asked = archive.getZxy(z, x, y).then((found) => (found ? sorted(new VectorTile(new PbfReader(new Uint8Array(found.data))), language) : null));
      kept.set(key, asked);
      // One that did not come is asked for again the next time.
      asked.catch(() => kept.delete(key));
    }
    return kept.get(key);
  }

  const Streets = GridLayer.extend({
    createTile({ x, y, z }, done) {
      const tile = document.createElement("canvas");
      const ratio = Math.min(devicePixelRatio || 1, 2);
      tile.width = tile.height = SIDE * ratio;
      // A tile of 512 pixels at a zoom is one of the file at the zoom before.
      const own = Math.min(z - 1, maxZoom);
      if (own < minZoom) {
        setTimeout(() => done(null, tile), 0);
        return tile;
      }
      const times = 2 ** (z - 1 - own);
      const from = { z: own, x: Math.floor(x / times), y: Math.floor(y / times) };
      read(from.z, from.x, from.y).then(
        (found) => {
          if (found) paint(tile.getContext("2d"), found, { zoom: z, scale: SIDE * times * ratio, left: (x - from.x * times) * SIDE * ratio, top: (y - from.y * times) * SIDE * ratio, ratio, colours: look() });
          tile.streets = found ? { ...from, ...found } : null;
          done(null, tile);
        },
        (problem) => done(problem, tile),
      );
      return tile;
    },
    /** Yield the named lines of every tile in sight. */
    *named() {
      const seen = new Set();
      for (const { el } of Object.values(this._tiles)) {
        const found = el.streets;
        if (!found || seen.has(found.lines)) continue;
        seen.add(found.lines);
        for (const one of found.lines) yield { ...one, tile: found };
      }
    },
  });
  return new Streets({ tileSize: SIDE, maxZoom: 19, keepBuffer: 1, updateWhenZooming: false, className: "map-streets" });
}

/** Sort a tile's features by what is painted: one path for all of a kind, and the lines that have names. */
function sorted(tile, language) {
  const paths = {};
  const lines = [];
  for (const name of Object.keys(tile.layers)) {
    const layer = tile.layers[name];
    for (let i = 0; i < layer.length; i += 1) {
      const feature = layer.feature(i);
      const kind = feature.type === 1 ? "" : kindOf(name, feature.properties);
      if (!kind) continue;
      // A brook drawn as a line has no ground to paint.
      if (feature.type === 2 && !isRoad(kind)) continue;
      const path = (paths[kind] ??= new Path2D());
      const called = isRoad(kind) ? calledIn(feature.properties, language) : "";
      for (const ring of feature.loadGeometry()) {
        const points = ring.map((point) => [point.x / layer.extent, point.y / layer.extent]);
        points.forEach(([x, y], at) => (at ? path.lineTo(x, y) : path.moveTo(x, y)));
        if (feature.type === 3) path.closePath();
        if (called) lines.push({ text: called, kind, points });
      }
    }
  }
  // The wider the street, the earlier its name.
  return { paths, lines: lines.sort((a, b) => ORDER.indexOf(b.kind) - ORDER.indexOf(a.kind)) };
}

function paint(pen, { paths }, { zoom, scale, left, top, ratio, colours }) {
  pen.setTransform(scale, 0, 0, scale, -left, -top);
  pen.lineCap = pen.lineJoin = "round";
  const drawn = ORDER.filter((kind) => paths[kind]);
  const roads = drawn.filter(isRoad);
  for (const kind of drawn.filter((it) => !isRoad(it))) {
    pen.fillStyle = colours[kind];
    pen.fill(paths[kind], "evenodd");
  }
  // All edges before all roads: crossings stay open.
  for (const [edge, colour] of [[2, () => colours.edge], [0, (kind) => colours[kind]]]) {
    for (const kind of roads) {
      if (edge && kind === "rail") continue;
      pen.lineWidth = ((widthOf(kind, zoom) + edge) * ratio) / scale;
      pen.strokeStyle = colour(kind);
      pen.stroke(paths[kind]);
    }
  }
}
