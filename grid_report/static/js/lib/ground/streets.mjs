// Streets from the file the operator loaded: read by byte range, painted on canvas tiles. Loaded only
// where there is such a file.
import { VectorTile } from "@mapbox/vector-tile";
import { PbfReader } from "pbf";
import { FetchSource, PMTiles } from "pmtiles";
import { calledIn, isRoad, kindOf, ORDER, widthOf } from "./kinds.mjs";

const SIDE = 512;
const MOST_KEPT = 48;

/** Make Leaflet's layer of a file, and what names its streets for the words above it. */
export function streets(GridLayer, { address, min_zoom: minZoom, max_zoom: maxZoom }, look) {
  const archive = new PMTiles(new FetchSource(new URL(address, document.baseURI).href));
  const language = document.documentElement.lang.split("-")[0];
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

  /** Paint a tile as soon as what is in it has come. */
  async function fill(tile, { x, y, z }, done) {
    // A tile of 512 pixels at a zoom is one of the file at the zoom before.
    const own = Math.min(z - 1, maxZoom);
    const times = 2 ** (z - 1 - own);
    const from = { z: own, x: Math.floor(x / times), y: Math.floor(y / times) };
    let problem = null;
    try {
      const found = await (own < minZoom ? Promise.resolve(null) : read(from.z, from.x, from.y));
      if (found) {
        const unit = SIDE * ratio();
        paint(tile.getContext("2d"), found, { zoom: z, scale: unit * times, left: (x - from.x * times) * unit, top: (y - from.y * times) * unit, colours: look() });
        tile.streets = { ...from, ...found };
      }
    } catch (error) {
      problem = error;
    }
    done(problem, tile);
  }

  const Streets = GridLayer.extend({
    createTile(coords, done) {
      const tile = document.createElement("canvas");
      tile.width = tile.height = SIDE * ratio();
      fill(tile, coords, done);
      return tile;
    },
  });
  const layer = new Streets({ tileSize: SIDE, maxZoom: 19, keepBuffer: 1, updateWhenZooming: false, className: "map-streets" });
  const inSight = new Set();
  layer.on("tileload", ({ tile }) => tile.streets && inSight.add(tile.streets));
  layer.on("tileunload", ({ tile }) => inSight.delete(tile.streets));
  /** Yield the named lines of every tile in sight; several show the same one from near. */
  function* named() {
    const seen = new Set();
    for (const tile of inSight) {
      if (seen.has(tile.lines)) continue;
      seen.add(tile.lines);
      for (const one of tile.lines) yield { ...one, tile };
    }
  }
  return { layer, named };
}

const ratio = () => Math.min(devicePixelRatio || 1, 2);

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

function paint(pen, { paths }, { zoom, scale, left, top, colours }) {
  pen.setTransform(scale, 0, 0, scale, -left, -top);
  pen.lineCap = pen.lineJoin = "round";
  const drawn = ORDER.filter((kind) => paths[kind]);
  const roads = drawn.filter(isRoad);
  for (const kind of drawn.filter((it) => !isRoad(it))) {
    pen.fillStyle = colours[kind];
    pen.fill(paths[kind], "evenodd");
  }
  // All edges before all roads: crossings stay open.
  for (const [edge, colour] of [[zoom < 14 ? 1 : 2, () => colours.edge], [0, (kind) => colours[kind]]]) {
    for (const kind of roads) {
      if (edge && kind === "rail") continue;
      pen.globalAlpha = edge ? 0.5 : 1;
      pen.lineWidth = ((widthOf(kind, zoom) + edge) * ratio()) / scale;
      pen.strokeStyle = colour(kind);
      pen.stroke(paths[kind]);
    }
  }
}
