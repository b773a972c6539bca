// Build the browser's assets into build/: hashed names, manifest.json, licences.txt.
//
//   js/*.mjs    each is an entry (subfolders are shared modules); app.mjs is "app.js" in the
//               manifest, and the CSS it imports becomes "app.css" unless css/ has one
//   js/sw.mjs   the service worker: one classic script that knows the build by its name, BUILD, so
//               that phones take a new one with each build
//   css/app.css the stylesheet; Tabler, less what no page uses, goes in front of it
//   css/figures.css  what only desks show of figures, after it
//   css/guide.css    the tour and the kinds in pictures
//   icons.svg   a sprite of the Tabler icons named in templates, scripts and Python:
//               icon(name="camera"), icon="camera", icon_name="camera", data-icon="camera", a table
//               called …ICONS = {…}, or a comment `icons: camera map` where a name is put together
//               at run time; "star-filled" is the filled form. Used as <use href="…/icons-HASH.svg#camera">.
//
// The same sources give the same bytes. ./run and ./test call this; by hand: npm run build
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

import * as esbuild from "esbuild";
import { PurgeCSS } from "purgecss";

import { columnsOf } from "./sheet.mjs";

const HERE = path.dirname(fileURLToPath(import.meta.url));
const ROOT = path.resolve(HERE, "../..");
const OUT = path.join(HERE, "build");
const MODULES = path.join(ROOT, "node_modules");
const ENTRY_FOLDERS = [path.join(HERE, "js"), path.join(HERE, "css")];
const TABLER = path.join(MODULES, "@tabler/core/dist/css/tabler.min.css");
const ICONS = path.join(MODULES, "@tabler/icons/icons");

// What is in use on cheap phones: browsers inside chat apps lag years behind.
const SCRIPT_TARGET = ["es2019", "chrome80"];
const STYLE_TARGET = ["chrome80", "safari13"];
const SHOWN_ERRORS = 5;

// Tabler classes that are put together at run time, so that no source holds them whole.
const SAFE_CLASSES = [
  /^(is|was)-(in)?valid/,
  /^(show|active|disabled|collapsed|open)$/,
  /^(alert|badge|text|bg|btn|status)-(success|info|warning|danger|primary|secondary)(-lt)?$/,
];
const SAFE_ATTRIBUTES = ["data-bs-theme", "aria-current", "aria-expanded", "aria-selected", "open"];

const ASSET_LOADERS = { ".png": "file", ".svg": "file", ".webp": "file", ".woff2": "file" };

class Mistake extends Error {}

const hash = (text) => createHash("sha256").update(text).digest("hex").slice(0, 10);
const relative = (file) => path.relative(ROOT, file);

/** List files below a folder with one of the endings, sorted; an absent folder has none. */
async function filesBelow(folder, ...endings) {
  if (!existsSync(folder)) return [];
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => entry.isFile() && endings.includes(path.extname(entry.name)))
    .map((entry) => path.join(entry.parentPath ?? entry.path, entry.name))
    .filter((file) => !file.startsWith(OUT + path.sep))
    .sort();
}

/** Read everything that may name a class or an icon: [{ file, text }]. */
async function readSources() {
  const files = [
    ...(await filesBelow(path.join(ROOT, "templates"), ".html")),
    ...(await filesBelow(path.join(HERE, "js"), ".mjs")),
    ...(await filesBelow(path.join(ROOT, "grid_report"), ".py")),
  ];
  return Promise.all(files.map(async (file) => ({ file, text: await readFile(file, "utf8") })));
}

// --- styles -----------------------------------------------------------------------------------

/** Find the variables of Tabler that our own files use, and those that their values use. */
function usedVariables(tabler, texts) {
  const uses = new Map();
  for (const [, name, value] of tabler.matchAll(/(--tblr-[\w-]+):([^;}]*)/g)) {
    const known = uses.get(name) ?? new Set();
    for (const [inner] of value.matchAll(/--tblr-[\w-]+/g)) known.add(inner);
    uses.set(name, known);
  }
  const waiting = texts.flatMap((text) => text.match(/--tblr-[\w-]+/g) ?? []);
  const used = new Set();
  while (waiting.length) {
    const name = waiting.pop();
    if (used.has(name)) continue;
    used.add(name);
    waiting.push(...(uses.get(name) ?? []));
  }
  return [...used];
}

// In Python a class can only stand in a string; its other words would keep half of Tabler.
const strings = (text) => (text.match(/"[^"\n]*"|'[^'\n]*'/g) ?? []).join("\n");

/** Return Tabler without the rules that no template, script or module can need. */
async function purgedTabler(sources, styles) {
  const tabler = await readFile(TABLER, "utf8");
  const [result] = await new PurgeCSS().purge({
    css: [{ raw: tabler, name: "tabler" }],
    content: sources.map(({ file, text }) => ({
      raw: file.endsWith(".py") ? strings(text) : text,
      extension: path.extname(file).slice(1),
    })),
    defaultExtractor: (text) => text.match(/[A-Za-z0-9_-]+/g) ?? [],
    variables: true,
    keyframes: true,
    fontFace: true,
    dynamicAttributes: SAFE_ATTRIBUTES,
    safelist: {
      standard: SAFE_CLASSES,
      variables: usedVariables(tabler, [...styles, ...sources.map(({ text }) => text)]),
    },
  });
  return result.css;
}

/** Give esbuild the purged Tabler: where app.css imports it, else before app.css. */
function tablerPlugin(css) {
  return {
    name: "tabler",
    setup(build) {
      build.onLoad({ filter: /tabler\.min\.css$/ }, () => ({ contents: css, loader: "css" }));
      build.onLoad({ filter: /[\\/]css[\\/]app\.css$/ }, async ({ path: file }) => {
        const own = await readFile(file, "utf8");
        const imported = own.includes("@tabler/core");
        return { contents: imported ? own : `@import ${JSON.stringify(TABLER)};\n${own}`, loader: "css" };
      });
    },
  };
}

/** Refuse styles that would make a page ask another host for something. */
function checkStyles(outputs) {
  for (const { path: file, text } of outputs.filter((output) => output.path.endsWith(".css"))) {
    const asked = text.match(/(url\(\s*["']?|@import\s+["'])(https?:)?\/\/[^)"';]{0,80}/i);
    if (asked) throw new Mistake(`${path.basename(file)} fetches from another host: ${asked[0]}`);
  }
}

// --- scripts ----------------------------------------------------------------------------------

const SHARED_OPTIONS = {
  absWorkingDir: ROOT,
  assetNames: "[name]-[hash]",
  bundle: true,
  charset: "utf8",
  entryNames: "[name]-[hash]",
  legalComments: "none", // licences.txt has them
  loader: ASSET_LOADERS,
  logLevel: "silent",
  metafile: true,
  minify: true,
  nodePaths: [MODULES],
  outdir: OUT,
  write: false,
};

async function bundle(entryPoints, options) {
  if (!entryPoints.length) return { outputFiles: [], metafile: { outputs: {} } };
  return esbuild.build({ ...SHARED_OPTIONS, entryPoints, ...options });
}

/** Map what pages ask for ("app.js") to the hashed name, for one bundle. */
function named({ metafile }) {
  const names = {};
  for (const [output, { entryPoint, cssBundle }] of Object.entries(metafile.outputs)) {
    // What is imported on demand counts as an entry too, but no page asks for it by name.
    if (!entryPoint || !ENTRY_FOLDERS.includes(path.resolve(ROOT, path.dirname(entryPoint)))) continue;
    const entry = path.parse(entryPoint).name;
    names[entry + path.extname(output)] = path.basename(output);
    if (cssBundle) names[`${entry}.css`] = path.basename(cssBundle);
  }
  return names;
}

// --- icons ------------------------------------------------------------------------------------

// icon="a", icon_name="a" if … else "b", "icon": "a", data-icon="a"
const ICON_USE =
  /\bicon(?:_name)?["']?\s*[=:]\s*\(?\s*(["'][a-z][a-z0-9-]*["'](?:\s+if\s[^,)\n]*?\selse\s+["'][a-z][a-z0-9-]*["'])?)/g;
const ICON_CALL = /\bicon\(\s*(?:name\s*=\s*)?([^,)]*)/g;
const ICON_TABLE = /\b\w*icons\b\s*(?::[^=\n]+)?=\s*(?:\w+\()?(\{[^}]*\})/gi;
const ICON_NOTE = /(?:\{#|#|\/\/|\/\*|<!--)-?\s*icons:[ \t]*([a-z0-9 ,-]*[a-z0-9])/g;

/** Yield [name, index] of every icon that a source names. */
function* iconNames(text) {
  for (const pattern of [ICON_USE, ICON_CALL]) {
    for (const hit of text.matchAll(pattern)) {
      // icon(name="a" if kind == "b" else row["c"]) names a only.
      const spoken = hit[1].replace(/([=!]=|\bin)\s*["'][^"']*["']|\[[^\]]*\]|\.get\(.*/g, "");
      for (const [, name] of spoken.matchAll(/["']([a-z][a-z0-9-]*)["']/g)) yield [name, hit.index];
    }
  }
  for (const hit of text.matchAll(ICON_TABLE)) {
    for (const [, name] of hit[1].matchAll(/:\s*["']([a-z][a-z0-9-]*)["']/g)) yield [name, hit.index];
  }
  for (const hit of text.matchAll(ICON_NOTE)) {
    for (const name of hit[1].split(/[ ,]+/)) yield [name, hit.index];
  }
}

function distance(a, b) {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length];
}

async function nearestIcons(name) {
  const all = (await readdir(path.join(ICONS, "outline"))).map((file) => path.parse(file).name);
  return all
    .map((known) => [known.startsWith(name) || name.startsWith(`${known}-`) ? 1 : distance(name, known), known])
    .sort(([a, x], [b, y]) => a - b || (x < y ? -1 : 1))
    .slice(0, 4)
    .map(([, known]) => known);
}

/** Turn one icon file into a <symbol> that looks right without any style. */
async function symbol(name) {
  const filled = name.endsWith("-filled");
  const file = filled
    ? path.join(ICONS, "filled", `${name.slice(0, -"-filled".length)}.svg`)
    : path.join(ICONS, "outline", `${name}.svg`);
  if (!existsSync(file)) return null;
  const svg = await readFile(file, "utf8");
  const inner = svg
    .replace(/^[\s\S]*?<svg[^>]*>|<\/svg>\s*$/g, "")
    .replace(/<path stroke="none" d="M0 0h24v24H0z" fill="none"\s*\/>/, "")
    .replace(/\s*\n\s*/g, "")
    .replace(/\s+\/>/g, "/>");
  const look = filled
    ? 'fill="currentColor"'
    : 'fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"';
  return `<symbol id="${name}" viewBox="0 0 24 24" ${look}>${inner}</symbol>`;
}

/** Return the signs the categories of the reference data have. */
async function categoryIcons() {
  const text = await readFile(path.join(ROOT, "config", "categories.csv"), "utf8");
  return new Set(["dots", ...columnsOf(text, ["group_sign", "sign"])]);
}

/** Return what names the signs of kinds whose file says nothing of them. */
async function signsByCode() {
  const file = path.join(ROOT, "migrations/versions/0034_signs_of_categories.py");
  return { file, text: await readFile(file, "utf8") };
}

async function sprite(sources) {
  const places = new Map();
  for (const name of await categoryIcons()) places.set(name, "config/categories.csv");
  for (const { file, text } of [...sources, await signsByCode()]) {
    for (const [name, index] of iconNames(text)) {
      const line = text.slice(0, index).split("\n").length;
      if (!places.has(name)) places.set(name, `${relative(file)}:${line}`);
    }
  }
  const symbols = [];
  const unknown = [];
  for (const name of [...places.keys()].sort()) {
    const drawn = await symbol(name);
    if (drawn) symbols.push(drawn);
    else unknown.push(`${places.get(name)}: no icon "${name}" in @tabler/icons; near: ${(await nearestIcons(name)).join(", ")}`);
  }
  if (unknown.length) throw new Mistake(unknown.join("\n"));
  return `<svg xmlns="http://www.w3.org/2000/svg">\n${symbols.join("\n")}\n</svg>\n`;
}

// --- licences ---------------------------------------------------------------------------------

/** List name, version, licence and its text of every npm package with bytes in the output. */
async function licences(metafiles) {
  const packages = new Set(["@tabler/icons"]);
  for (const { outputs } of metafiles) {
    for (const { inputs } of Object.values(outputs)) {
      for (const input of Object.keys(inputs)) {
        const found = input.match(/node_modules\/((?:@[^/]+\/)?[^/]+)\//);
        if (found) packages.add(found[1]);
      }
    }
  }
  const parts = [];
  for (const name of [...packages].sort()) {
    const folder = path.join(MODULES, name);
    const about = JSON.parse(await readFile(path.join(folder, "package.json"), "utf8"));
    const file = (await readdir(folder)).sort().find((entry) => /^(licen[cs]e|copying)/i.test(entry));
    const author = about.author?.name ?? about.author ?? "";
    const text = file ? await readFile(path.join(folder, file), "utf8") : `Copyright: ${author}`;
    parts.push(`${name} ${about.version} · ${about.license}\n\n${text.replace(/\r\n/g, "\n").trim()}\n`);
  }
  return parts.join(`\n${"-".repeat(72)}\n\n`);
}

// --- all of it --------------------------------------------------------------------------------

async function main() {
  const entries = (await filesBelow(path.join(HERE, "js"), ".mjs")).filter(
    (file) => path.dirname(file) === path.join(HERE, "js"),
  );
  const worker = entries.filter((file) => path.basename(file) === "sw.mjs");
  const sheets = ["app.css", "figures.css", "guide.css"].map((name) => path.join(HERE, "css", name)).filter((file) => existsSync(file));
  const sources = await readSources();
  const styleFiles = await filesBelow(path.join(HERE, "css"), ".css");
  const styles = await Promise.all(styleFiles.map((file) => readFile(file, "utf8")));

  const tabler = sheets.length ? await purgedTabler(sources, styles) : "";
  const css = await bundle(sheets, { target: STYLE_TARGET, plugins: [tablerPlugin(tabler)] });
  const js = await bundle(
    entries.filter((file) => !worker.includes(file)),
    { target: SCRIPT_TARGET, format: "esm", splitting: true, chunkNames: "chunk-[hash]" },
  );

  const files = new Map();
  for (const { path: file, contents } of [...css.outputFiles, ...js.outputFiles]) {
    files.set(path.basename(file), contents);
  }
  const icons = await sprite(sources);
  files.set(`icons-${hash(icons)}.svg`, icons);

  const assets = [...files.keys()].sort();
  const sw = await bundle(worker, {
    target: SCRIPT_TARGET,
    format: "iife",
    define: { BUILD: JSON.stringify(hash(assets.join())) },
  });
  for (const { path: file, contents } of sw.outputFiles) files.set(path.basename(file), contents);
  checkStyles([...css.outputFiles, ...js.outputFiles]);

  const manifest = { ...named(js), ...named(sw), ...named(css), "icons.svg": `icons-${hash(icons)}.svg` };
  const sorted = Object.fromEntries(Object.entries(manifest).sort(([a], [b]) => (a < b ? -1 : 1)));
  files.set("licences.txt", await licences([css.metafile, js.metafile, sw.metafile]));

  // Hashed names never clash, so a server at work keeps what it has until the manifest changes.
  await mkdir(OUT, { recursive: true });
  // Compressed once here, not for every phone: the server sends NAME.gz to whoever can read it.
  for (const [name, contents] of [...files].filter(([plain]) => /\.(js|css|svg)$/.test(plain))) {
    files.set(`${name}.gz`, gzipSync(contents, { level: 9 }));
  }
  for (const [name, contents] of files) await writeFile(path.join(OUT, name), contents);
  await writeFile(path.join(OUT, "manifest.json.new"), `${JSON.stringify(sorted, null, 2)}\n`);
  await rename(path.join(OUT, "manifest.json.new"), path.join(OUT, "manifest.json"));
  for (const name of await readdir(OUT)) {
    if (!files.has(name) && name !== "manifest.json") await rm(path.join(OUT, name), { recursive: true });
  }
  for (const [name, hashed] of Object.entries(sorted)) {
    console.log(`${name} -> ${hashed} (${Buffer.byteLength(files.get(hashed))} bytes)`);
  }
}

try {
  await main();
} catch (error) {
  if (error instanceof Mistake) console.error(error.message);
  else if (error.errors) {
    const shown = error.errors.slice(0, SHOWN_ERRORS);
    for (const text of await esbuild.formatMessages(shown, { kind: "error" })) console.error(text);
  } else console.error(error);
  process.exitCode = 1;
}
