import { isJpeg } from "./look-at-file.mjs";

// It stands in the head, before the picture.
const HEAD_BYTES = 512 * 1024;
const TAKEN = "DateTimeOriginal";
const SPOT = ["GPSLatitude", "GPSLongitude", "GPSLatitudeRef", "GPSLongitudeRef"];

/** Read when and, only if `where`, where a photo was taken, before shrinking drops it. */
export async function readExif(file, { where }) {
  // exifr never comes back from some HEIC files; those that arrive as they are the server reads.
  if (!(await isJpeg(file))) return {};
  try {
    const head = await file.slice(0, HEAD_BYTES).arrayBuffer();
    const exifr = (await import("exifr/dist/lite.esm.mjs")).default;
    // Block by block: the small build of exifr fails on a list of tags for all blocks at once.
    const found = await exifr.parse(head, { reviveValues: false, ifd0: false, exif: [TAKEN], gps: where ? SPOT : false });
    if (!found) return {};
    const { latitude, longitude } = found;
    const known = Number.isFinite(latitude) && Number.isFinite(longitude) && (latitude !== 0 || longitude !== 0);
    return { takenAt: isoLocal(found[TAKEN]), spot: known ? { lat: latitude, lng: longitude } : null };
  } catch {
    return {};
  }
}

/**
 * "2026:11:23 09:12:00" → "2026-11-23T09:12:00": a camera's clock knows no zone. What no calendar
 * has, or a clock that was never set, says nothing: the field is hidden and nobody could mend it.
 */
function isoLocal(text) {
  const parts = /^(20\d\d):(\d\d):(\d\d) (\d\d:\d\d:\d\d)/.exec(text ?? "");
  if (!parts) return "";
  const iso = `${parts[1]}-${parts[2]}-${parts[3]}T${parts[4]}`;
  const at = new Date(`${iso}Z`);
  return Number.isNaN(at.getTime()) || !at.toISOString().startsWith(iso) ? "" : iso;
}
