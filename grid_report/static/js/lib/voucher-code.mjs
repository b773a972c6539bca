// What a voucher shows at a moment; the sums of grid_report/offers/redemptions/vouchers.py.
import { hmac } from "./hmac.mjs";

const VERSION = "GR1";
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
export const STEP_S = 30;
export const DIGITS_STEP_S = 300;

function key(hex) {
  return Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));
}

/** Ten bytes in base 32. */
function letters(bytes) {
  let out = "";
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      out += LETTERS[(held >> bits) & 31];
      held &= (1 << bits) - 1;
    }
  }
  return out;
}

/** Return the text of the QR code at a time in seconds. */
export function codeText(ref, secret, seconds) {
  const said = `${VERSION}.${ref}.${Math.floor(seconds / STEP_S)}`;
  return `${said}.${letters(hmac(key(secret), said).slice(0, 10))}`;
}

/** Return the six digits at a time in seconds. */
export function codeDigits(ref, secret, seconds) {
  const bytes = hmac(key(secret), `${VERSION}.${ref}.digits.${Math.floor(seconds / DIGITS_STEP_S)}`);
  let number = 0;
  // Six bytes stay below 2^53.
  for (const byte of bytes.slice(0, 6)) number = number * 256 + byte;
  return String(number % 1e6).padStart(6, "0");
}

/** Return when the digits of a time stop counting, in seconds. */
export const digitsUntil = (seconds) => (Math.floor(seconds / DIGITS_STEP_S) + 2) * DIGITS_STEP_S;
