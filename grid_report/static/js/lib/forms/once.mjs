/** Let a form that is posted go only once: the second press of an impatient thumb does nothing. */
export function once(root) {
  root.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.dataset.enhance === "report") return;
    // What closes a dialog or asks for a page may be pressed any number of times.
    if (methodOf(form, event.submitter) !== "post") return;
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

/** Say how a form is sent; a button may say so itself. */
function methodOf(form, submitter) {
  // Not `form.method`: a field of that name would stand in its place.
  return (submitter?.getAttribute("formmethod") ?? form.getAttribute("method") ?? "get").toLowerCase();
}

/** Show on a button that its work is under way. */
export function busy(button, is) {
  if (!button) return;
  button.classList.toggle("is-busy", is);
  button.setAttribute("aria-disabled", String(is));
}
