// Chinese map providers shift positions (GCJ-02); the site speaks WGS-84. The same as places/geo/datum.py.
const AXIS_M = 6378245;
const ECCENTRICITY_2 = 0.006693421622965943;

const isShiftedHere = (lat, lng) => lat >= 0.8293 && lat <= 55.8271 && lng >= 72.004 && lng <= 137.8347;

/** Return [lat, lng] as a provider draws it. */
export function toGcj02([lat, lng]) {
  if (!isShiftedHere(lat, lng)) return [lat, lng];
  const [north, east] = shift(lat, lng);
  return [lat + north, lng + east];
}

/** Return [lat, lng] of a provider as the site speaks of it: no closed formula, but it settles in a few rounds. */
export function toWgs84([lat, lng]) {
  if (!isShiftedHere(lat, lng)) return [lat, lng];
  let guess = [lat, lng];
  for (let round = 0; round < 8; round += 1) {
    const [north, east] = shift(...guess);
    const better = [lat - north, lng - east];
    const settled = Math.abs(better[0] - guess[0]) + Math.abs(better[1] - guess[1]) < 1e-10;
    guess = better;
    if (settled) break;
  }
  return guess;
}

function shift(lat, lng) {
  const { PI, abs, cos, sin, sqrt } = Math;
  const [x, y] = [lng - 105, lat - 35];
  const ripple = 20 * sin(6 * x * PI) + 20 * sin(2 * x * PI);
  let north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x));
  north += ((ripple + 20 * sin(y * PI) + 40 * sin((y / 3) * PI)) * 2) / 3;
  north += ((160 * sin((y / 12) * PI) + 320 * sin((y * PI) / 30)) * 2) / 3;
  let east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x));
  east += ((ripple + 20 * sin(x * PI) + 40 * sin((x / 3) * PI)) * 2) / 3;
  east += ((150 * sin((x / 12) * PI) + 300 * sin((x / 30) * PI)) * 2) / 3;
  const latitude = (lat * PI) / 180;
  const squash = 1 - ECCENTRICITY_2 * sin(latitude) ** 2;
  const northRadius = (AXIS_M * (1 - ECCENTRICITY_2)) / (squash * sqrt(squash));
  const eastRadius = (AXIS_M / sqrt(squash)) * cos(latitude);
  return [(north / (northRadius * PI)) * 180, (east / (eastRadius * PI)) * 180];
}
