// What a photo is known by before it is sent: torn, HEIC, its size, its time and place.
import assert from "node:assert/strict";
import { test } from "node:test";

import { acceptOf } from "../../grid_report/static/js/lib/photos/accept.mjs";
import { readExif } from "../../grid_report/static/js/lib/photos/exif.mjs";
import { isHeic, isTorn } from "../../grid_report/static/js/lib/photos/look-at-file.mjs";
import { shrink, sizeWords } from "../../grid_report/static/js/lib/photos/shrink.mjs";
import { exifJpeg } from "./pictures.mjs";

const START = [0xff, 0xd8];
const SCAN = [0xff, 0xda, 0x00, 0x02];
const END = [0xff, 0xd9];
const file = (...parts) => new Blob([Uint8Array.from(parts.flat())]);
const branded = (brand) => new Blob([Uint8Array.of(0, 0, 0, 24), `ftyp${brand}`, "more"], { type: "image/jpeg" });
/** A segment with its length, which counts its own two bytes. */
const segment = (mark, content) => [0xff, mark, 0, content.length + 2, ...content];

test("a whole JPEG is not torn", async () => {
  assert.equal(await isTorn(file(START, segment(0xe0, [1, 2, 3]), SCAN, 7, 0xff, 0x00, 8, END)), false);
});

test("a JPEG without its end is torn", async () => {
  assert.equal(await isTorn(file(START, segment(0xe0, [1]), SCAN, 7, 0xff, 0x00, 8)), true);
  assert.equal(await isTorn(file(START, SCAN, 7, 8, 0xff)), true);
});

test("the end of the thumbnail in the head is not the picture's", async () => {
  const thumbnail = segment(0xe1, [...START, ...SCAN, 5, ...END]);
  assert.equal(await isTorn(file(START, thumbnail, SCAN, 7, 8)), true);
  assert.equal(await isTorn(file(START, thumbnail, SCAN, 7, 8, END)), false);
});

test("a head that ends before the picture is torn", async () => {
  assert.equal(await isTorn(file(START, segment(0xe0, [1, 2, 3]))), true);
  assert.equal(await isTorn(file(START, [0xff, 0xe0, 0xff, 0xff, 1])), true);
});

test("fill bytes and marks without a length are stepped over", async () => {
  const head = [0xff, 0xff, ...segment(0xe0, [1]), 0xff, 0x01, 0xff, 0xd0];
  assert.equal(await isTorn(file(START, head, SCAN, 7, END)), false);
  assert.equal(await isTorn(file(START, head, SCAN, 7)), true);
});

test("long segments are measured by both bytes of their length", async () => {
  const long = [0xff, 0xe1, 0x01, 0x04, ...Array.from({ length: 0x102 }, () => 0xd9)];
  assert.equal(await isTorn(file(START, long, SCAN, 7, END)), false);
  assert.equal(await isTorn(file(START, long, SCAN, 7)), true);
});

test("what is no JPEG is nobody's torn JPEG", async () => {
  assert.equal(await isTorn(file([0x89, 0x50, 0x4e, 0x47])), false);
  assert.equal(await isTorn(file([])), false);
  assert.equal(await isTorn(file([0xff, 0x00, 1, 2, 3])), false);
});

test("HEIC is told by its content", async () => {
  for (const brand of ["heic", "heix", "mif1", "msf1"]) assert.equal(await isHeic(branded(brand)), true, brand);
  assert.equal(await isHeic(branded("avif")), false);
  assert.equal(await isHeic(branded("isom")), false);
  assert.equal(await isHeic(new Blob(["heic"])), false);
});

test("sizes are said the way people say them", () => {
  assert.equal(sizeWords(1), "1 KB");
  assert.equal(sizeWords(300 * 1024), "300 KB");
  assert.equal(sizeWords(1024 * 1024 - 1), "1024 KB");
  assert.equal(sizeWords(1024 * 1024), "1.0 MB");
  assert.equal(sizeWords(2.55 * 1024 * 1024), "2.5 MB");
});

test("when a photo was taken is read without a zone", async () => {
  const photo = exifJpeg({ at: "2026:11:23 09:12:00", spot: [[36, 30, 0], [117, 15, 0]] });
  assert.deepEqual(await readExif(photo, { where: false }), { takenAt: "2026-11-23T09:12:00", spot: null });
});

test("where a photo was taken is read only when it may be", async () => {
  const photo = exifJpeg({ at: "2026:11:23 09:12:00", spot: [[36, 30, 0], [117, 15, 0]] });
  assert.deepEqual((await readExif(photo, { where: true })).spot, { lat: 36.5, lng: 117.25 });
});

test("a place of zeros is none", async () => {
  const photo = exifJpeg({ at: "2026:11:23 09:12:00", spot: [[0, 0, 0], [0, 0, 0]] });
  assert.equal((await readExif(photo, { where: true })).spot, null);
});

test("a time no calendar has is none, and a broken file says nothing", async () => {
  for (const at of ["    :  :     :  :  ", "1980:01:01 00:00:00", "2026:02:30 09:12:00", "2026:11:23 24:00:00"]) {
    assert.equal((await readExif(exifJpeg({ at, spot: [[36, 0, 0], [117, 0, 0]] }), { where: true })).takenAt, "", at);
  }
  const bare = await readExif(file(START, segment(0xe1, [1, 2, 3])), { where: true });
  assert.deepEqual(bare, { takenAt: "", spot: null });
});

// The library that reads JPEGs goes round for ever in a HEIC whose boxes have no length.
test("of what is no JPEG nothing is read on the phone", async () => {
  const heic = new Blob([Uint8Array.of(0, 0, 0, 24), "ftypheic", new Uint8Array(4), "mif1heic", new Uint8Array(64)]);
  assert.deepEqual(await readExif(heic, { where: true }), {});
});

/** A browser that decodes to a picture of some size and encodes to so many bytes. */
function browser({ width, height, bytes, side = 1600 }) {
  const drawn = [];
  globalThis.window = { createImageBitmap: true };
  globalThis.createImageBitmap = async () => ({ width, height });
  globalThis.document = {
    documentElement: { dataset: { phoneSide: String(side) } },
    createElement: () => ({
      getContext: () => ({ drawImage: (_picture, _x, _y, ...size) => drawn.push(size) }),
      toBlob: (done) => done(bytes === null ? null : new Blob([new Uint8Array(bytes)])),
    }),
  };
  globalThis.File ??= class extends Blob {
    constructor(parts, name, options) {
      super(parts, options);
      this.name = name;
    }
  };
  return drawn;
}

const photo = (bytes, type = "image/jpeg") => new Blob([new Uint8Array(bytes)], { type });

test("a large photo is shrunk to its long edge", async () => {
  const drawn = browser({ width: 4000, height: 3000, bytes: 900 });
  const { file: small, shrunk } = await shrink(photo(5000));
  assert.equal(shrunk, true);
  assert.equal(small.size, 900);
  assert.equal(small.type, "image/jpeg");
  assert.deepEqual(drawn, [[1600, 1200]]);
});

test("a very narrow photo keeps one pixel of width", async () => {
  const drawn = browser({ width: 1, height: 8000, bytes: 9 });
  await shrink(photo(5000));
  assert.deepEqual(drawn, [[1, 1600]]);
});

test("a small JPEG goes as it is, a small PNG becomes one", async () => {
  const drawn = browser({ width: 1600, height: 1200, bytes: 10 });
  assert.equal((await shrink(photo(400 * 1024))).shrunk, false);
  assert.deepEqual(drawn, []);
  assert.equal((await shrink(photo(400 * 1024 + 1))).shrunk, true);
  assert.equal((await shrink(photo(100, "image/png"))).shrunk, true);
  assert.deepEqual(drawn, [[1600, 1200], [1600, 1200]]);
});

test("what would grow, or cannot be decoded, goes as it is", async () => {
  const chosen = photo(5000);
  browser({ width: 4000, height: 3000, bytes: 5000 });
  assert.deepEqual(await shrink(chosen), { file: chosen, shrunk: false });
  browser({ width: 4000, height: 3000, bytes: null });
  assert.deepEqual(await shrink(chosen), { file: chosen, shrunk: false });
  browser({ width: 4000, height: 3000, bytes: 1 });
  globalThis.window = {};
  assert.deepEqual(await shrink(chosen), { file: chosen, shrunk: false });
});

test("a chat app on Android is asked for any picture, every other browser for the list", () => {
  const list = "image/jpeg,image/png";
  const android = "Mozilla/5.0 (Linux; Android 12; V2048A";
  for (const app of ["; wv) Chrome/86.0", ") Chrome/86.0 MicroMessenger/8.0", ") Chrome/89.0 MQQBrowser/6.2 QQ/9.0", ") Chrome/91.0 DingTalk/7.0", ") Chrome/91.0 AliApp(AP/10.5)"]) {
    assert.equal(acceptOf(android + app, list), "image/*", app);
  }
  assert.equal(acceptOf(`${android}) Chrome/120.0 Mobile Safari/537.36`, list), list);
  const iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X)";
  for (const app of ["Version/17.0 Safari/604.1", "MicroMessenger/8.0.40"]) assert.equal(acceptOf(`${iphone} ${app}`, list), list, app);
});
