// The voucher turns its code by itself, without network: all it needs came with the page.
import { encode } from "uqr";
import { codeDigits, codeText, digitsUntil, STEP_S } from "./lib/voucher-code.mjs";

const SVG = "http://www.w3.org/2000/svg";

function draw(box, text) {
  const { data, size } = encode(text, { ecc: "M", border: 2 });
  let path = "";
  data.forEach((row, y) => row.forEach((dark, x) => { if (dark) path += `M${x} ${y}h1v1h-1z`; }));
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${size} ${size}`);
  svg.setAttribute("shape-rendering", "crispEdges");
  const paper = document.createElementNS(SVG, "rect");
  paper.setAttribute("width", size);
  paper.setAttribute("height", size);
  paper.setAttribute("fill", "#fff");
  const ink = document.createElementNS(SVG, "path");
  ink.setAttribute("d", path);
  ink.setAttribute("fill", "#000");
  svg.append(paper, ink);
  box.replaceChildren(svg);
}

/** When this page's answer came, by the phone's own clock. */
function madeAt() {
  const [page] = performance.getEntriesByType("navigation");
  return performance.timeOrigin + (page?.responseStart ?? 0);
}

function turning(root) {
  const { ref, secret } = root.dataset;
  // Cheap phones have wrong clocks: the server's counts, from the moment this page was made. A page
  // that comes back from the browser's memory was made when it says, not now: the wall clock goes on.
  const ahead = Number(root.dataset.now) - madeAt() / 1000;
  const part = (name) => root.querySelector(`[data-voucher-${name}]`);
  let shown = "";
  function tick() {
    const now = Date.now() / 1000 + ahead;
    const text = codeText(ref, secret, now);
    part("bar").setAttribute("data-left", String(Math.ceil(10 * (1 - (now % STEP_S) / STEP_S))));
    if (text === shown) return;
    shown = text;
    draw(part("code"), text);
    const digits = codeDigits(ref, secret, now);
    part("digits").textContent = `${digits.slice(0, 3)} ${digits.slice(3)}`;
    const until = new Date(1000 * digitsUntil(now));
    part("until").dateTime = until.toISOString();
    part("until").textContent = until.toLocaleTimeString("zh-CN", {
      hour: "2-digit", minute: "2-digit", hour12: false, timeZone: root.dataset.zone || undefined,
    });
  }
  tick();
  setInterval(tick, 500);
  document.addEventListener("visibilitychange", tick);
}

document.querySelectorAll("[data-voucher]").forEach(turning);
