import { unsentOf } from "./hints.mjs";

/** Write how much of a member's waits at the foot of the page. */
export function count(root, member) {
  const mark = root.querySelector("[data-outbox-count]");
  if (!mark) return;
  const waiting = unsentOf(member);
  mark.hidden = !waiting;
  mark.firstElementChild.textContent = waiting < 100 ? waiting : "99+";
}
