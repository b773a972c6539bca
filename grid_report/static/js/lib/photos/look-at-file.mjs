const HEIC_BRANDS = ["heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1"];
const SCAN = 0xda;
const END = 0xd9;

/** Tell by its content whether a photo is HEIC: its name and type are what an app made up. */
export async function isHeic(file) {
  const head = new Uint8Array(await file.slice(0, 12).arrayBuffer());
  const text = String.fromCharCode(...head);
  return text.slice(4, 8) === "ftyp" && HEIC_BRANDS.includes(text.slice(8, 12));
}

/** Tell by its content whether a photo is a JPEG. */
export async function isJpeg(file) {
  const [first, second] = new Uint8Array(await file.slice(0, 2).arrayBuffer());
  return first === 0xff && second === 0xd8;
}

/**
 * Tell whether a JPEG was torn off on its way: no end after its picture begins. Looked at before
 * it is shrunk, for what a browser draws of it is a whole picture with a grey part.
 */
export async function isTorn(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return false;
  let at = 2;
  // The head is a chain of segments with their lengths; a thumbnail in it has an end of its own.
  while (at + 4 <= bytes.length && bytes[at] === 0xff) {
    const mark = bytes[at + 1];
    if (mark === 0xff) {
      at += 1;
      continue;
    }
    const alone = mark === 0x01 || (mark >= 0xd0 && mark <= 0xd8);
    if (mark === SCAN) return !hasEnd(bytes, at + 2);
    at += alone ? 2 : 2 + (bytes[at + 2] << 8) + bytes[at + 3];
  }
  return true;
}

/** In the picture itself FF is always followed by 00, so FF D9 is its end. */
function hasEnd(bytes, from) {
  for (let at = bytes.indexOf(0xff, from); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    if (bytes[at + 1] === END) return true;
  }
  return false;
}
