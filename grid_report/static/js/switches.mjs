// Switches act at once and stay where they are; without script each is a form of its own.
import { switches } from "./lib/forms/switches.mjs";

for (const list of document.querySelectorAll("[data-switches]")) {
  switches(list, { said: document.querySelector("[data-switch-said]"), send: fetch.bind(window) });
}
