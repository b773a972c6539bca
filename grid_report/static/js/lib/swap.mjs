import { photoFields } from "./photos/photo-fields.mjs";

const COLUMNS = ["case", "context"];

/** Open cases beside the list without a new page, where there is room; back and forward stay right. */
export function swap(desk) {
  const roomy = window.matchMedia("(min-width: 1280px)");
  let turn = 0;

  document.addEventListener("click", (event) => {
    const row = event.target.closest?.("[data-row]");
    if (!row || !roomy.matches || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    if (!desk.classList.contains("columns-case")) return; // the first case changes the frame
    event.preventDefault();
    show(row.href, true);
  });
  window.addEventListener("popstate", () => show(location.href, false));

  async function show(address, push) {
    const mine = ++turn;
    try {
      const answer = await fetch(address, { headers: { Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (mine !== turn) return;
      if (!answer.ok || !page.querySelector(".columns-case")) throw new Error(String(answer.status));
      for (const name of COLUMNS) {
        const column = desk.querySelector(`[data-column="${name}"]`);
        column.replaceWith(page.querySelector(`[data-column="${name}"]`));
      }
      if (push) history.pushState({}, "", address);
      document.title = page.title;
      const path = new URL(address).pathname;
      for (const row of desk.querySelectorAll("[data-row]")) {
        if (new URL(row.href).pathname === path) row.setAttribute("aria-current", "true");
        else row.removeAttribute("aria-current");
      }
      const opened = desk.querySelector('[data-column="case"]');
      photoFields(opened);
      opened.focus({ preventScroll: true });
    } catch {
      location.assign(address);
    }
  }
}
