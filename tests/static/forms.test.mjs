// Forms: the draft's week, the words a form brings along, one press is one sending.
import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { forgetDraft, isOld, keepDraft, readDraft } from "../../grid_report/static/js/lib/forms/draft.mjs";
import { once } from "../../grid_report/static/js/lib/forms/once.mjs";
import { wordsOf } from "../../grid_report/static/js/lib/words.mjs";

const DAY_MS = 24 * 3600 * 1000;

test("a draft is kept for seven days", () => {
  assert.equal(isOld({ at: 1000 }, 1000 + 7 * DAY_MS), false);
  assert.equal(isOld({ at: 1000 }, 1001 + 7 * DAY_MS), true);
});

test("without storage nothing is kept and nothing breaks", async () => {
  await keepDraft({ member: "1" });
  assert.equal(await readDraft("1"), null);
  await forgetDraft();
});

test("a form's words take their facts, and what is not known stays readable", () => {
  const known = { size: "{size} of {most}", plain: "as it is" };
  const content = {
    querySelector: (asked) => {
      const [, name] = /data-word="(.*)"/.exec(asked);
      return name in known ? { textContent: known[name] } : null;
    },
  };
  const say = wordsOf({ querySelector: (asked) => (asked === "template[data-words]" ? { content } : null) });
  assert.equal(say("size", { size: "3 KB", most: 0 }), "3 KB of 0");
  assert.equal(say("size", { size: "3 KB" }), "3 KB of {most}");
  assert.equal(say("plain"), "as it is");
  assert.equal(say("unknown"), "");
  assert.equal(wordsOf({ querySelector: () => null })("size"), "");
});

/** A page with one form, and what presses its button. */
function pageWith({ method = "post", enhance } = {}) {
  const root = new EventTarget();
  const marks = new Set();
  const button = {
    classList: { toggle: (name, is) => (is ? marks.add(name) : marks.delete(name)) },
    setAttribute: (name, value) => { button[name] = value; },
    getAttribute: (name) => button[name] ?? null,
  };
  const form = {
    dataset: { enhance },
    getAttribute: (name) => ({ method })[name] ?? null,
    querySelectorAll: () => (marks.has("is-busy") ? [button] : []),
  };
  root.querySelectorAll = () => ("sent" in form.dataset ? [form] : []);
  globalThis.window = new EventTarget();
  once(root);
  const press = () => {
    const event = new Event("submit", { cancelable: true });
    Object.defineProperty(event, "target", { value: form });
    event.submitter = button;
    root.dispatchEvent(event);
    mock.timers.tick(1);
    return !event.defaultPrevented;
  };
  return { press, button, marks, form };
}

test("a second press of a form that is posted does nothing", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { press, marks, button } = pageWith();
  assert.equal(press(), true);
  assert.deepEqual([...marks], ["is-busy"]);
  assert.equal(button["aria-disabled"], "true");
  assert.equal(press(), false);
  globalThis.window.dispatchEvent(new Event("pageshow")); // back by the browser's button: awake again
  assert.deepEqual([...marks], []);
  assert.equal(button["aria-disabled"], "false");
  assert.equal(press(), true);
  mock.timers.reset();
});

test("what asks for a page, and the report form, may be pressed again", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  for (const kind of [{ method: "get" }, { method: "dialog" }, { enhance: "report" }]) {
    const { press } = pageWith(kind);
    assert.deepEqual([press(), press()], [true, true]);
  }
  const byButton = pageWith({ method: "post" });
  byButton.button.formmethod = "DIALOG";
  assert.deepEqual([byButton.press(), byButton.press()], [true, true]);
  mock.timers.reset();
});
