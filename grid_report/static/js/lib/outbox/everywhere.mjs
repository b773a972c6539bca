// On every page: whose phone this is, how much waits, and that it goes.
import { count } from "./badge.mjs";
import { arrive, unsentOf, whoIsHere } from "./hints.mjs";

/** Show at the foot how much is not sent yet, send it, and have the phone keep what opens without network. */
export function outbox(root) {
  const page = root.documentElement.dataset;
  // The shell is the same bytes for everybody: who is here stands on the phone.
  const member = "shell" in page ? whoIsHere().member : page.member;
  if (page.member) arrive(page.member);
  warnBeforeLeaving(root);
  if (!member) return;
  count(root, member);
  const list = root.querySelector("[data-outbox]");
  if (list?.dataset.outbox === "answers") {
    import("./answers-of-case.mjs").then(({ queuedAnswers }) => queuedAnswers(root, member, list)).catch(() => undefined);
  }
  if (unsentOf(member) || list?.dataset.outbox === "now") work(root, member, list);
  if (page.worker) addEventListener("load", () => setTimeout(() => keepShell(page), 0));
}

async function work(root, member, list) {
  try {
    const { start } = await import("./queue.mjs");
    if (list?.dataset.outbox === "now") (await import("./list.mjs")).outboxList(list);
    start(member);
  } catch {
    return; // the files did not come: the next page tries again
  }
}

/** Who signs out is told what is not sent yet; it stays, and goes when they sign in again. */
function warnBeforeLeaving(root) {
  root.addEventListener("submit", (event) => {
    if (!/\/sign-out(-everywhere)?$/.test(event.target.action)) return;
    const words = root.querySelector("[data-unsent-words]")?.dataset.unsentWords;
    const waiting = unsentOf(root.documentElement.dataset.member);
    if (words && waiting && !window.confirm(words.replace("{n}", waiting))) event.preventDefault();
  }, true);
}

async function keepShell(page) {
  try {
    const { serviceWorker } = navigator;
    await serviceWorker.register(page.worker, { updateViaCache: "none" });
    (await serviceWorker.ready).active.postMessage({ shell: [page.theme, page.text, document.documentElement.lang].join() });
  } catch {
    return; // no worker here, or not now: the page works without
  }
}
