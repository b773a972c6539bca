// Draws the tables of `figure[data-chart]` as charts. Loaded on pages that have one.
import { BarChart, LineChart } from "echarts/charts";
import { AriaComponent, GridComponent, LegendComponent, MarkLineComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { legendLines, read } from "./lib/figures.mjs";

use([AriaComponent, BarChart, CanvasRenderer, GridComponent, LegendComponent, LineChart, MarkLineComponent, TooltipComponent]);

// Told apart by everybody (Okabe and Ito), by their lightness also in black and white.
const COLOURS = {
  light: ["#0072b2", "#d55e00", "#5c6670", "#cc79a7", "#009e73", "#7a5c00"],
  dark: ["#56b4e9", "#e69f00", "#b9c4cf", "#f0b6d5", "#5fd3ac", "#f0e442"],
};
const SIGNS = ["circle", "triangle", "rect", "diamond", "pin", "arrow"];
const DASHES = ["solid", "dashed", "dotted", [8, 3, 2, 3], [2, 2], [12, 4]];
// On paper, unless a figure says how much room it has.
const PRINT_WIDTH = 640;

function options(kind, { labels, marks, series }, unit, room, printing) {
  const isLine = kind === "lines" || kind === "rates";
  const style = getComputedStyle(document.body);
  const ink = printing ? "#000" : style.getPropertyValue("--ink").trim();
  const soft = printing ? "#333" : style.getPropertyValue("--ink-soft").trim();
  const line = printing ? "#999" : style.getPropertyValue("--line").trim();
  const dark = !printing && style.colorScheme === "dark";
  const size = printing ? printing.size : Math.max(12, Math.min(18, parseFloat(style.fontSize) - 2));
  const text = { color: ink, fontSize: size, fontFamily: style.fontFamily };
  return {
    animation: false,
    color: COLOURS[dark ? "dark" : "light"],
    textStyle: text,
    // Patterns on bars of several kinds, so that nothing hangs on colour alone; the words are our own, below.
    aria: { enabled: true, label: { enabled: false }, decal: { show: !isLine && series.length > 1 } },
    grid: { left: 8, right: 16, top: series.length > 1 ? legendLines(series, size, room) * (size + (size < 12 ? 5 : 10)) + (size < 12 ? 8 : 18) : marks.length ? size + 10 : size < 12 ? 8 : 16, bottom: size < 12 ? 2 : 8, containLabel: true },
    // All names at once: on paper there is nothing to turn over, and on a phone nobody does.
    legend: { show: series.length > 1, top: 0, left: 0, right: 0, padding: printing ? 2 : 5, itemGap: printing ? 6 : 10, textStyle: text, itemWidth: size < 12 ? 18 : 34, itemHeight: size },
    tooltip: {
      trigger: "axis",
      renderMode: "richText",
      backgroundColor: style.getPropertyValue("--card").trim(),
      borderColor: line,
      textStyle: text,
      valueFormatter: (value) => (value === null || value === undefined ? "–" : `${value} ${unit}`),
    },
    xAxis: { type: "category", data: labels, axisLabel: { color: soft, fontSize: size, hideOverlap: true, showMinLabel: true, showMaxLabel: true, alignMinLabel: isLine ? "left" : undefined, alignMaxLabel: isLine ? "right" : undefined }, axisLine: { lineStyle: { color: soft } }, axisTick: { show: false } },
    yAxis: { type: "value", minInterval: 1, max: kind === "rates" ? 100 : undefined, interval: kind === "rates" ? (size < 12 ? 50 : 25) : undefined, splitNumber: !printing ? 5 : printing.height < 90 ? 2 : 3, axisLabel: { color: soft, fontSize: size }, splitLine: { lineStyle: { color: line } } },
    series: series.map((one, at) => ({
      ...one,
      type: isLine ? "line" : "bar",
      stack: kind === "stacked" ? "all" : undefined,
      barMaxWidth: 44,
      // The bars of a distribution stand against one another.
      barCategoryGap: kind === "hist" ? "8%" : undefined,
      markLine: marks.length && at === 0
        ? {
            silent: true,
            symbol: "none",
            lineStyle: { color: ink, type: "dashed", width: size < 12 ? 1 : 2 },
            // Away from one another: they may stand side by side.
            data: marks.map((mark, nth) => ({ xAxis: mark.at, label: { formatter: mark.words, color: ink, fontSize: size, distance: 4, align: marks.length < 2 ? "center" : nth ? "left" : "right" } })),
          }
        : undefined,
      symbol: SIGNS[at],
      symbolSize: size < 12 ? 4 : 8,
      lineStyle: { width: size < 12 ? 1.5 : 2.5, type: DASHES[at] },
      itemStyle: { borderColor: ink, borderWidth: isLine ? 0 : size < 12 ? 0.5 : 1 },
    })),
  };
}

/** Put a chart above its table, which folds away but stays. */
function draw(figure) {
  const fold = figure.querySelector("[data-chart-table]");
  const figures = read(fold.querySelector("table"));
  if (!figures.series.some(({ data }) => data.some(Boolean))) {
    // Nothing to see: an empty frame would only ask to be understood.
    fold.open = false;
    return { fold, show() {}, print() {} };
  }
  const { chart: kind, unit, wordKeys } = figure.dataset;
  const box = document.createElement("div");
  box.className = "chart-box";
  box.tabIndex = 0;
  box.setAttribute("role", "img");
  const title = figure.querySelector("figcaption").textContent.trim().replace(/\s+/g, " ");
  box.setAttribute("aria-label", `${title} ${wordKeys}`);
  const said = document.createElement("p");
  said.className = "chart-said numbers";
  said.setAttribute("aria-live", "polite");
  fold.before(box, said);
  fold.open = false;

  const chart = init(box, null, { renderer: "canvas", devicePixelRatio: Math.max(2, devicePixelRatio) });
  const width = Number(figure.dataset.printWidth ?? PRINT_WIDTH);
  const height = Number(figure.dataset.printHeight ?? 0);
  const paper = { width, height: height || "auto", size: height ? 9 : 12 };
  const show = (printing = null) => {
    chart.resize(printing ?? { width: "auto", height: "auto" });
    chart.setOption(options(kind, figures, unit, chart.getWidth(), printing), true);
  };
  show();
  new ResizeObserver(() => chart.resize()).observe(box);

  let at = -1;
  box.addEventListener("keydown", (event) => {
    const last = figures.labels.length - 1;
    const to = { ArrowRight: at + 1, ArrowLeft: at < 0 ? last : at - 1, Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    at = Math.max(0, Math.min(last, to));
    chart.dispatchAction({ type: "showTip", seriesIndex: 0, dataIndex: at });
    const values = figures.series.map(({ name, data }) => `${name} ${data[at] ?? "–"}`).join(" · ");
    const marked = figures.marks.filter((mark) => mark.at === at).map((mark) => ` (${mark.words})`).join("");
    said.textContent = `${figures.labels[at]}${marked}: ${values}`;
  });
  box.addEventListener("blur", () => chart.dispatchAction({ type: "hideTip" }));
  return { fold, show, print: () => show(paper) };
}

const drawn = [...document.querySelectorAll("figure[data-chart]")].map(draw);
const repaint = () => drawn.forEach(({ show }) => show());
matchMedia("(prefers-color-scheme: dark)").addEventListener?.("change", repaint);
addEventListener("beforeprint", () => {
  for (const { fold, print } of drawn) {
    fold.dataset.wasOpen = fold.open ? "1" : "";
    fold.open = true;
    print();
  }
});
addEventListener("afterprint", () => {
  for (const { fold, show } of drawn) {
    fold.open = fold.dataset.wasOpen === "1";
    show();
  }
});
