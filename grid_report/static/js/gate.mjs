// The scanner of the code at a compound's gate; fetched when somebody wants to scan.
import { reader } from "./lib/reader.mjs";

const EVERY_MS = 150;

/** Look for a code until one is known or the screen is closed; return what `knows` made of it, or "". */
export async function scan(screen, { knows, say }) {
  const video = screen.querySelector("video");
  const words = screen.querySelector("[role=status]");
  words.textContent = "\u00a0";
  let stream = null;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" }, audio: false });
    video.srcObject = stream;
    await video.play();
    const read = await reader();
    while (screen.hasAttribute("open") && stream.active) {
      const texts = await read(video).catch(() => []);
      const code = texts.map(knows).find(Boolean);
      if (code) return code;
      if (texts.length) words.textContent = say("gate_unknown");
      await new Promise((go) => setTimeout(go, EVERY_MS));
    }
  } catch {
    words.textContent = say("gate_failed");
  } finally {
    if (stream) for (const track of stream.getTracks()) track.stop();
    video.srcObject = null;
  }
  return "";
}
