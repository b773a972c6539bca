// The desk: keys, opening cases without leaving the list, ready sentences.
import "../css/desk.css";
import { keys, openStep } from "./lib/keys.mjs";
import { swap } from "./lib/swap.mjs";

const desk = document.querySelector("[data-desk]");
if (desk) {
  keys(document);
  swap(desk);
  document.addEventListener("click", (event) => {
    const sentence = event.target.closest?.("[data-fill]");
    if (!sentence) return;
    const field = document.getElementById(sentence.dataset.fill);
    field.value = field.value.trim() ? `${field.value.trim()}\n${sentence.textContent}` : sentence.textContent;
    field.focus();
  });
  document.addEventListener("click", (event) => {
    const step = document.getElementById(event.target.closest?.("[data-open-step]")?.dataset.openStep);
    if (!step) return;
    event.preventDefault();
    openStep(step);
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-autosubmit]")) event.target.form.submit();
  });
}
