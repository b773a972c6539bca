// Forms: the draft's week, the words a form brings along, one press is one sending.
import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { forgetDraft, isOld, keepDraft, readDraft } from "../../grid_report/static/js/lib/forms/draft.mjs";
import { once } from "../../grid_report/static/js/lib/forms/once.mjs";
import { switches } from "../../grid_report/static/js/lib/forms/switches.mjs";
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

/** A list with one switch that is off; `press` sends its form and waits for the answer. */
function switchWith(send) {
  const list = new EventTarget();
  const attributes = { "aria-checked": "false" };
  const button = {
    getAttribute: (name) => attributes[name] ?? null,
    setAttribute: (name, value) => { attributes[name] = value; },
    removeAttribute: (name) => { delete attributes[name]; },
  };
  const form = { action: "/me/notifications", elements: { wanted: { value: "yes" } }, querySelector: () => button };
  const said = { textContent: "" };
  list.dataset = { failed: "not changed" };
  globalThis.FormData = class {
    *[Symbol.iterator]() { yield ["wanted", form.elements.wanted.value]; }
  };
  switches(list, { said, send });
  const press = async () => {
    const event = new Event("submit", { cancelable: true });
    Object.defineProperty(event, "target", { value: form });
    list.dispatchEvent(event);
    await new Promise((done) => setImmediate(done));
    return event.defaultPrevented;
  };
  return { press, attributes, said, wanted: form.elements.wanted };
}

test("a switch turns once what it says is kept, and asks for the other next", async () => {
  const asked = [];
  const it = switchWith(async (address, { body, headers }) => {
    asked.push([address, String(body), headers.Accept]);
    return { ok: true, json: async () => ({ wanted: asked.length === 1 }) };
  });
  assert.equal(await it.press(), true);
  assert.deepEqual([it.attributes["aria-checked"], it.wanted.value], ["true", "no"]);
  await it.press();
  assert.deepEqual([it.attributes["aria-checked"], it.wanted.value], ["false", "yes"]);
  assert.deepEqual(asked, [
    ["/me/notifications", "wanted=yes", "application/json"],
    ["/me/notifications", "wanted=no", "application/json"],
  ]);
});

test("a switch that was not kept has not moved, says so, and works again", async () => {
  const answers = [
    () => Promise.reject(new Error("no network")),
    async () => ({ ok: false, status: 502, json: async () => ({ wanted: true }) }),
    // A captive portal answers with a page of its own.
    async () => ({ ok: true, json: () => Promise.reject(new SyntaxError("no JSON")) }),
    async () => ({ ok: true, json: async () => ({ wanted: true }) }),
  ];
  const it = switchWith(() => answers.shift()());
  for (let turn = 0; turn < 3; turn++) {
    await it.press();
    assert.deepEqual([it.attributes["aria-checked"], it.said.textContent, it.wanted.value], ["false", "not changed", "yes"]);
  }
  await it.press();
  assert.deepEqual([it.attributes["aria-checked"], it.said.textContent], ["true", ""]);
});

test("an impatient thumb sends a switch once", async () => {
  let sent = 0;
  const it = switchWith(() => { sent++; return new Promise(() => {}); });
  await it.press();
  await it.press();
  assert.equal(sent, 1);
});
