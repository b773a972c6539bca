// The words on the map: one canvas over it, drawn anew when it stands still. What comes first keeps its place.
import { longestInside, standOn } from "./lines.mjs";

const EDGE = 6;
const SAME_APART = 170;

/** Keep words on a map: `sources` give what there is to say at a zoom, most important first. */
export function labels(map, sources, look) {
  const pane = map.createPane("words");
  const canvas = document.createElement("canvas");
  canvas.className = "map-words";
  canvas.setAttribute("aria-hidden", "true");
  pane.append(canvas);
  let asked = 0;
  const soon = () => {
    cancelAnimationFrame(asked);
    asked = requestAnimationFrame(draw);
  };
  map.on("zoomstart", () => { canvas.hidden = true; });
  map.on("moveend resize", soon);
  return { soon };

  function draw() {
    const { x: width, y: height } = map.getSize();
    const ratio = Math.min(devicePixelRatio || 1, 2);
    const corner = map.containerPointToLayerPoint([0, 0]);
    canvas.style.transform = `translate(${Math.round(corner.x)}px, ${Math.round(corner.y)}px)`;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    canvas.hidden = false;
    const pen = canvas.getContext("2d");
    pen.scale(ratio, ratio);
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.lineJoin = "round";
    const taken = [];
    const colours = look();
    const view = [EDGE, EDGE, width - EDGE, height - EDGE];
    for (const source of sources) for (const one of source(map.getZoom(), colours)) put(pen, one, view, taken, colours);
  }
}

/** Write one thing where it has room; what was written before keeps its place. */
function put(pen, { text, spot, line, size, weight = 500, ink, dot }, view, taken, { font, halo }) {
  pen.font = `${weight} ${size}px ${font}`;
  const width = pen.measureText(text).width;
  const place = line ? standOn(longestInside(line(), view), width) : over(spot(), dot, size);
  if (!place) return;
  const across = Math.abs(Math.cos(place.angle)) * width + Math.abs(Math.sin(place.angle)) * size;
  const along = Math.abs(Math.sin(place.angle)) * width + Math.abs(Math.cos(place.angle)) * size;
  const box = [place.x - across / 2 - 3, place.y - along / 2 - 3, place.x + across / 2 + 3, place.y + along / 2 + 3 + (dot ? 9 : 0)];
  if (box[0] < 0 || box[1] < 0 || box[2] > view[2] + EDGE || box[3] > view[3] + EDGE) return;
  if (taken.some((it) => it.box[0] < box[2] && it.box[2] > box[0] && it.box[1] < box[3] && it.box[3] > box[1])) return;
  if (line && taken.some((it) => it.text === text && Math.hypot(it.x - place.x, it.y - place.y) < SAME_APART)) return;
  taken.push({ text, box, x: place.x, y: place.y });
  pen.save();
  pen.translate(place.x, place.y);
  pen.rotate(place.angle);
  pen.lineWidth = 3.5;
  pen.strokeStyle = halo;
  pen.fillStyle = ink;
  pen.strokeText(text, 0, 0);
  pen.fillText(text, 0, 0);
  if (dot) sign(pen, dot, size / 2 + 6);
  pen.restore();
}

const over = ({ x, y }, dot, size) => ({ x, y: dot ? y - size / 2 - 6 : y, angle: 0 });

/** Compounds are squares, landmarks round: told apart without their colour. */
function sign(pen, dot, down) {
  pen.beginPath();
  if (dot === "compound") pen.rect(-4, down - 4, 8, 8);
  else pen.arc(0, down, 4.5, 0, 2 * Math.PI);
  pen.lineWidth = 3;
  pen.stroke();
  pen.fill();
}
