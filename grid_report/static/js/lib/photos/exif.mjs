const SPOT = ["GPSLatitude", "GPSLongitude", "GPSLatitudeRef", "GPSLongitudeRef"];

/** Read when and, only if `where`, where a photo was taken, before shrinking drops it. */
export async function readExif(file, { where }) {
  try {
    const exifr = (await import("exifr/dist/lite.esm.mjs")).default;
    const found = await exifr.parse(file, { reviveValues: false, gps: where, pick: ["DateTimeOriginal", ...(where ? SPOT : [])] });
    if (!found) return {};
    const { latitude, longitude } = found;
    const known = Number.isFinite(latitude) && Number.isFinite(longitude) && (latitude !== 0 || longitude !== 0);
    return { takenAt: isoLocal(found.DateTimeOriginal), spot: known ? { lat: latitude, lng: longitude } : null };
  } catch {
    return {};
  }
}

/** "2026:11:23 09:12:00" → "2026-11-23T09:12:00": a camera's clock knows no zone. */
function isoLocal(text) {
  const parts = /^(\d{4}):(\d\d):(\d\d) (\d\d:\d\d:\d\d)/.exec(text ?? "");
  return parts ? `${parts[1]}-${parts[2]}-${parts[3]}T${parts[4]}` : "";
}
