// The queue as a list of cards: what each waits for, and what can be done about it.
import { wordsOf } from "../words.mjs";
import { addToIt, drop, makeNew, reach, send, watch } from "./queue.mjs";
import { ALREADY, KEPT, needsPerson, percentOf, REFUSED, SENDING, SENT, WAITING } from "./states.mjs";

/** A screen reader says again what is written again. */
function write(place, words) {
  if (place.textContent !== words) place.textContent = words;
}

const clockOf = (at) => new Date(at).toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", hour12: false });

// What was sent before this page came stands in the lists of the site.
const openedAt = Date.now() - performance.now();

/** Draw the queue into a section of the page, and again after each change. */
export function outboxList(section) {
  const say = wordsOf(section);
  const list = section.querySelector("[data-outbox-list]");
  const card = section.querySelector("template[data-outbox-item]");
  const line = section.querySelector("[data-outbox-line]");
  const far = section.querySelector("[data-outbox-reach]");
  const now = section.querySelector("[data-outbox-now]");
  now.addEventListener("click", () => send({ asked: true }));
  let drawn = new Map();
  watch(draw);

  function draw(all) {
    const items = all.filter((item) => item.state !== SENT || item.doneAt >= openedAt);
    const waiting = items.filter((item) => item.state !== SENT);
    section.hidden = !items.length;
    write(line, waiting.length ? say("waiting", { n: waiting.length }) : say("all_sent"));
    const goes = waiting.some((item) => !needsPerson(item));
    now.hidden = !goes;
    far.hidden = !goes;
    far.textContent = say(`reach_${reach()}`);
    const next = new Map();
    // Those that need a person stand on top; the rest newest first.
    const order = [...items].sort((a, b) => needsPerson(b) - needsPerson(a) || b.at - a.at);
    for (const item of order) {
      const known = drawn.get(item.id);
      const node = known ?? card.content.firstElementChild.cloneNode(true);
      if (!known) wire(node, item.id);
      fill(node, item);
      list.append(node);
      next.set(item.id, node);
    }
    for (const [id, node] of drawn) if (!next.has(id)) node.remove();
    drawn = next;
  }

  function wire(node, id) {
    const at = (name) => node.querySelector(`[data-item-${name}]`);
    at("drop").addEventListener("click", () => {
      if (window.confirm(say("really_drop"))) drop(id);
    });
    at("add").addEventListener("click", () => addToIt(id));
    at("new").addEventListener("click", () => makeNew(id));
    at("edit").href = `${section.dataset.form}?item=${id}`;
  }

  function fill(node, item) {
    const at = (name) => node.querySelector(`[data-item-${name}]`);
    const has = { refused: item.state === REFUSED, already: item.state === ALREADY, sent: item.state === SENT };
    at("title").textContent = item.title || say("report");
    write(at("words"), wordsFor(item));
    node.dataset.state = item.state;
    // What somebody wrote is not lost with a refusal: it can be copied from here.
    const said = has.refused && item.what !== "report" ? item.fields.note ?? item.fields.reason ?? item.fields.words ?? "" : "";
    at("said").hidden = !said;
    at("said").textContent = said;
    at("bar").hidden = item.state !== SENDING;
    at("bar").value = percentOf(item);
    const ofCase = item.number && item.what !== "objection";
    at("number").hidden = !ofCase;
    if (ofCase) {
      at("number").textContent = item.number;
      at("number").href = section.dataset.numberHref.replace("NUMBER", item.number);
    }
    at("sign-in").hidden = item.why !== "sign-in";
    at("edit").hidden = item.what !== "report" || !has.refused;
    at("drop").hidden = !has.refused && !has.already;
    at("add").hidden = at("new").hidden = !has.already;
    at("buttons").hidden = ![...at("buttons").children].some((one) => !one.hidden);
  }

  function wordsFor(item) {
    if (item.state === KEPT) return say(item.why === "sign-in" ? "needs_sign_in" : "kept");
    if (item.state === SENDING) return say("sending", { percent: percentOf(item) });
    if (item.state === WAITING) return say(`waits_${item.why}`, { time: clockOf(item.until) });
    if (item.state === SENT) return say(["report", "objection"].includes(item.what) ? "sent" : "sent_too", { time: clockOf(item.doneAt) });
    if (item.state === ALREADY) return say("already");
    return item.words || say(item.why === "photo-gone" ? "photo_gone" : "refused_on_the_way");
  }
}
