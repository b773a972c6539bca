import { openDialog } from "./dialogs.mjs";

/** Keys of the desk: j and k walk the list, letters press what carries them, ? shows all. */
export function keys(root) {
  root.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (typing(event.target)) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (root.querySelector("dialog[open]")) return;
    if (event.key === "j" || event.key === "k") walk(event.key === "j" ? 1 : -1);
    else if (event.key === "?") openDialog(root.querySelector("[data-help]"));
    else if (/^[a-z/]$/.test(event.key)) {
      if (!press(event.key)) return;
    } else return;
    event.preventDefault();
  });

  function walk(step) {
    const rows = [...root.querySelectorAll("[data-row]")];
    if (!rows.length) return;
    const focused = rows.indexOf(root.activeElement);
    const at = focused >= 0 ? focused : rows.findIndex((row) => row.hasAttribute("aria-current"));
    const next = rows[Math.min(rows.length - 1, Math.max(0, at < 0 ? 0 : at + step))];
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  }

  /** Open what has this key and put the focus where one goes on; nothing is decided by one key. */
  function press(key) {
    const target = [...root.querySelectorAll(`[data-key="${key}"]`)].find((one) => one.offsetParent !== null);
    if (!target) return false;
    if (target.matches("summary")) {
      openStep(target.parentElement);
    } else if (target.matches("a")) target.click();
    else target.focus();
    target.scrollIntoView({ block: "nearest" });
    return true;
  }
}

/** Open a step's form and put the focus into its first field, or on its button. */
export function openStep(step) {
  if (step.matches("details")) step.open = true;
  step.scrollIntoView({ block: "nearest" });
  const fields = "textarea, select, input:not([type=hidden]):not([type=radio]), button.btn";
  step.querySelector(fields)?.focus({ preventScroll: true });
}

function typing(target) {
  return target.matches?.("textarea, select, [contenteditable], input:not([type=radio]):not([type=checkbox]):not([type=submit])");
}
