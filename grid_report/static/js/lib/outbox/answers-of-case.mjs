// Answers on a case's page (a supplement, a reopening, a rating), and objections, are kept first and then
// sent, as reports are.
import { newKey } from "./keys.mjs";
import { put } from "./keeping.mjs";
import { SENT } from "./states.mjs";
import { canKeep } from "./store.mjs";

const FORM = /\/reports\/([^/]+)\/(?:steps\/(supplement|reopen)|(rating))$/;
const OBJECTION = /\/my\/points\/object\?(\w+)=([^&]+)$/;

/** Return what a form asks the queue to send; nothing for a form that is no such answer, or not complete. */
export function answerOf(action, data) {
  const text = (name) => String(data.get(name) ?? "").trim();
  const [, subject, key] = OBJECTION.exec(action) ?? [];
  if (subject) {
    const decision = subject === "report" ? decodeURIComponent(key) : Number(key);
    return text("words") ? { what: "objection", files: [], fields: { [subject]: decision, words: text("words") } } : null;
  }
  const [, to, step, rating] = FORM.exec(action) ?? [];
  if (!to) return null;
  const files = data.getAll("photos").filter((file) => file.size);
  if (rating) {
    const [solved, satisfied, words] = ["solved", "satisfied", "words"].map(text);
    if (!solved || !satisfied) return null; // the site says what is missing
    return { what: "rating", to, files: [], fields: { solved: solved === "1", satisfied: satisfied === "1", ...(words && { words }) } };
  }
  const said = text(step === "reopen" ? "reason" : "note");
  if (!said && !files.length) return null;
  return { what: step, to, files, fields: { step, ...(said && { [step === "reopen" ? "reason" : "note"]: said }) } };
}

/** Have the answers of a page go through the queue, which is shown in `section`. */
export function queuedAnswers(root, member, section) {
  // Agreeing to photos is not sending. Not `submitter`: phones of 2020 do not know it.
  root.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-agree]");
    if (button?.form) button.form.dataset.plain = "";
  }, true);
  root.addEventListener("submit", (event) => {
    const form = event.target;
    if ("plain" in form.dataset) return;
    const answer = answerOf(form.action, new FormData(form));
    if (!answer || event.defaultPrevented) return;
    event.preventDefault();
    if ("kept" in form.dataset) return; // the second press of an impatient thumb
    form.dataset.kept = "";
    keep(form, answer);
  }, true);

  async function keep(form, answer) {
    const id = form.elements.key?.value || newKey();
    try {
      if (!(await canKeep())) throw new Error("nothing is kept here");
      await put({ id, member, title: document.querySelector("h1").textContent.trim(), ...answer });
    } catch {
      form.dataset.plain = "";
      form.submit();
      return;
    }
    form.hidden = true;
    show(id);
  }

  async function show(id) {
    try {
      await watch(id);
    } catch {
      // It is kept all the same; with the network come the files that send it.
      addEventListener("online", () => show(id), { once: true });
    }
  }

  async function watch(id) {
    const [queue, { outboxList }] = await Promise.all([import("./queue.mjs"), import("./list.mjs")]);
    if (!section.dataset.drawn) outboxList(section);
    section.dataset.drawn = "yes";
    section.scrollIntoView({ block: "center" });
    let reloads = false;
    queue.watch((items) => {
      const sent = items.find((item) => item.id === id && item.state === SENT);
      if (!sent || reloads) return;
      reloads = true;
      // The case has moved on: so does its page. An objection has one of its own.
      if (sent.what === "objection") location.assign(section.dataset.numberHref.replace("NUMBER", sent.number));
      else location.reload();
    });
    queue.start(member);
    queue.soon();
  }
}
