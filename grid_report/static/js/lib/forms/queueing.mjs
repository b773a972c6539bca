// The form and the queue: what is sent is kept first, and the form is free for the next hazard.
import { count } from "../outbox/badge.mjs";
import { filesOf, put as keep } from "../outbox/keeping.mjs";
import { canKeep, itemBy } from "../outbox/store.mjs";

/** `report()`: what is in the form; `close()`: it is done with; `next(form)`: a new one stands there. */
export function queueing(form, { report, close, next, blank }) {
  const { member } = form.dataset;
  const able = ready();
  // Where no worker keeps the files, what sends is fetched while there is a network to fetch it by.
  if (!navigator.serviceWorker) setTimeout(() => sending().catch(() => undefined), 2000);

  /** Say before anybody relies on it that nothing can be kept here. */
  async function ready() {
    const can = Boolean(member) && (await canKeep());
    if (member && !can) document.querySelector("[data-no-store]").hidden = false;
    return can;
  }

  /** Put the report into the queue; false where it has to be sent directly. */
  async function put() {
    // Photos the server keeps of a refused form are not here.
    if (form.querySelector("[data-kept]") || !(await able)) return false;
    try {
      await keep({ id: form.elements.key.value, member, ...report() });
    } catch {
      document.querySelector("[data-no-room]").hidden = false;
      return false;
    }
    close();
    show();
    return true;
  }

  /** In place of the form: that it is kept, what becomes of it, and the way to the next one. */
  function show() {
    const main = document.querySelector("main");
    const panel = main.querySelector("[data-queued]");
    const bar = document.querySelector(".send");
    form.hidden = bar.hidden = true;
    panel.hidden = false;
    panel.querySelector("[data-next]").onclick = () => {
      const fresh = blank.cloneNode(true);
      main.replaceWith(fresh);
      bar.hidden = false;
      window.scrollTo(0, 0);
      next(fresh.querySelector('[data-enhance="report"]'));
    };
    window.scrollTo(0, 0);
    panel.focus({ preventScroll: true });
    count(document, member);
    begin(panel.querySelector("[data-outbox]"));
  }

  async function begin(section) {
    try {
      const [queue, { outboxList }] = await sending();
      outboxList(section);
      queue.start(member);
      queue.soon();
    } catch {
      // It is kept all the same. Either the files come with the network, or a newer build has taken
      // their place: then the list of reports, a page of that build, sends it.
      if (navigator.onLine && navigator.serviceWorker?.controller) location.assign(section.dataset.list);
      else addEventListener("online", () => begin(section), { once: true });
    }
  }

  /** Return what waits under a key as a draft; nothing when it is somebody else's or gone. */
  async function open(id) {
    const item = (await able) ? await itemBy(id) : null;
    if (!item || item.member !== member || item.what !== "report") return null;
    return { key: item.id, values: item.fields, where: "", files: await filesOf(item) };
  }

  return { put, open };
}

const sending = () => Promise.all([import("../outbox/queue.mjs"), import("../outbox/list.mjs")]);
