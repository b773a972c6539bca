// The scanner of a station. Typing works without any of this.
import { lines, upload, write } from "./lib/book.mjs";
import { reader } from "./lib/reader.mjs";
import { wordsOf } from "./lib/words.mjs";

const OURS = /^GR1\.R-/;
const EVERY_MS = 150;

const root = document.querySelector("[data-scanner]") ?? document;
const say = wordsOf(root);
const book = document.querySelector("[data-book]")?.dataset.book;
const token = document.querySelector("[name=csrf_token]")?.value ?? "";

function showKept(count) {
  const line = document.querySelector("[data-scanner-kept]");
  if (!line) return;
  line.hidden = count === 0;
  line.textContent = say("kept", { count });
}

async function empty() {
  if (!lines().length || !navigator.onLine) return showKept(lines().length);
  const left = await upload(book, token).catch(() => lines().length);
  showKept(left);
  if (!left && document.querySelector("[data-scanner-kept]")) {
    const line = document.querySelector("[data-scanner-kept]");
    line.textContent = say("uploaded");
    line.hidden = false;
  }
  return left;
}

function take(scan, form) {
  if (!navigator.onLine) return showKept(write(scan));
  if (scan.qr) form.querySelector("[data-scanner-qr]").value = scan.qr;
  return form.submit();
}

async function open(scanner) {
  const part = (name) => scanner.querySelector(`[data-scanner-${name}]`);
  const [video, frame, error, button] = ["video", "frame", "error", "open"].map(part);
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" }, audio: false });
  } catch {
    error.textContent = say("no-camera");
    error.hidden = false;
    return;
  }
  video.srcObject = stream;
  frame.hidden = false;
  button.hidden = true;
  error.hidden = true;
  await video.play();
  const read = await reader();
  const stop = () => stream.getTracks().forEach((track) => track.stop());
  addEventListener("pagehide", stop, { once: true });
  while (stream.active) {
    const found = (await read(video).catch(() => [])).find((text) => OURS.test(text));
    if (found) {
      take({ qr: found }, part("form"));
      if (navigator.onLine) return stop();
    }
    await new Promise((go) => setTimeout(go, EVERY_MS));
  }
}

const scanner = document.querySelector("[data-scanner]");
if (scanner) {
  const button = scanner.querySelector("[data-scanner-open]");
  if (navigator.mediaDevices?.getUserMedia) {
    button.hidden = false;
    button.addEventListener("click", () => open(scanner));
  }
  scanner.querySelector("[data-scanner-form]").addEventListener("submit", (event) => {
    if (navigator.onLine) return;
    event.preventDefault();
    const field = scanner.querySelector("[name=code]");
    if (field.value.trim()) showKept(write({ code: field.value.trim() }));
    field.value = "";
  });
}
empty();
addEventListener("online", empty);
