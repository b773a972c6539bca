import { openDialog } from "../dialogs.mjs";

/** Show what a kind of hazard asks for: the number to call first, or what to mind. */
export function kinds(form, { say }) {
  const more = form.querySelector("[data-more]");
  const moreWords = form.querySelector("[data-more-words]");
  const moreText = moreWords.textContent;
  const screen = document.querySelector("[data-call-screen]");
  const line = form.querySelector("[data-call-line]");
  const tip = form.querySelector("[data-tip-line]");

  form.addEventListener("change", (event) => {
    if (event.target.name === "category") show({});
  });
  // The search key of a phone's keyboard looks for a kind; it does not send the report.
  form.querySelector("[data-kind-search]")?.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });
  // Whoever types gets help finding the kind; whoever does not loads nothing for it.
  for (const field of [form.querySelector("[data-kind-search]"), form.elements.description]) field?.addEventListener("focus", help);
  show({ quiet: true });
  return { show };

  async function help() {
    if (form.dataset.helped) return;
    form.dataset.helped = "1";
    try {
      const { findKinds } = await import("./find-kinds.mjs");
      findKinds(form, { say });
    } catch {
      delete form.dataset.helped; // without network; with the next touch again
    }
  }

  function show({ quiet }) {
    const chosen = form.querySelector('input[name="category"]:checked');
    const inMore = chosen && more.contains(chosen);
    moreWords.textContent = inMore ? say("chosen", { name: chosen.dataset.name }) : moreText;
    more.classList.toggle("is-chosen", Boolean(inMore));
    if (inMore && !quiet) more.open = false;
    const { emergency = "no", tip: mind = "" } = chosen?.dataset ?? {};
    const numbers = (chosen?.dataset.numbers ?? "").split("|").filter(Boolean);
    line.hidden = emergency === "no" || !numbers.length;
    tip.hidden = !line.hidden || !mind;
    tip.querySelector("[data-tip-words]").textContent = mind;
    if (line.hidden) return;
    line.querySelector("[data-call-words]").textContent = emergency === "must" ? say("call", { number: numbers.join(" / ") }) : say("call_if", { number: numbers.join(" / ") });
    line.querySelector("[data-call-tip]").textContent = mind;
    line.querySelector("[data-call-buttons]").replaceChildren(...numbers.map((number) => callLink(number, "btn btn-call")));
    if (emergency === "must" && !quiet) callScreen(chosen.dataset.name, numbers, mind);
  }

  function callScreen(name, numbers, mind) {
    screen.querySelector("[data-call-what]").textContent = name;
    screen.querySelector("[data-call-screen-tip]").textContent = mind;
    screen.querySelector("[data-call-numbers]").replaceChildren(...numbers.map((number) => callLink(number, "call-number")));
    openDialog(screen);
  }

  function callLink(number, className) {
    const link = document.createElement("a");
    link.className = className;
    link.href = `tel:${number}`;
    link.append(phoneSign(), number);
    link.setAttribute("aria-label", say("call", { number }));
    return link;
  }

  function phoneSign() {
    const sign = line.querySelector("svg").cloneNode(true);
    return sign;
  }
}
