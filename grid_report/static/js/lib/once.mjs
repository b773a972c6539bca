/** Let a form go only once: the second press of an impatient thumb does nothing. */
export function once(root) {
  root.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method === "get" || form.dataset.enhance === "report") return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "1";
    const pressed = event.submitter ?? form.querySelector("[data-once]");
    // Later: a disabled button would take its own name and value out of the form.
    setTimeout(() => busy(pressed, true));
  });
  // The browser's back button brings the page as it was left: awake again.
  window.addEventListener("pageshow", () => {
    for (const form of root.querySelectorAll("form[data-sent]")) {
      delete form.dataset.sent;
      for (const button of form.querySelectorAll(".is-busy")) busy(button, false);
    }
  });
}

/** Show on a button that its work is under way. */
export function busy(button, is) {
  if (!button) return;
  button.classList.toggle("is-busy", is);
  button.setAttribute("aria-disabled", String(is));
}
