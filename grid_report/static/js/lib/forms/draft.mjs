// The one unsent report, kept on the phone: words, choices and photos, for a week at most.
import { openDB } from "idb";

const STORE = "drafts";
const KEY = "report";
const WEEK_MS = 7 * 24 * 3600 * 1000;

/** Tell whether a draft has waited longer than it is kept. */
export const isOld = (draft, now) => now - draft.at > WEEK_MS;

let opened;

function store() {
  opened ??= openDB("grid-report", 1, {
    upgrade(db) {
      db.createObjectStore(STORE);
    },
  });
  return opened;
}

/** Keep a draft; without storage (private windows) nothing is kept and nothing breaks. */
export async function keepDraft(draft) {
  try {
    await (await store()).put(STORE, { ...draft, at: Date.now() }, KEY);
  } catch {
    return;
  }
}

/** Return the draft of this member, null when there is none, it is old or somebody else's. */
export async function readDraft(member) {
  try {
    const draft = await (await store()).get(STORE, KEY);
    if (!draft) return null;
    if (isOld(draft, Date.now())) {
      await forgetDraft();
      return null;
    }
    return draft.member === member ? draft : null;
  } catch {
    return null;
  }
}

export async function forgetDraft() {
  try {
    await (await store()).delete(STORE, KEY);
  } catch {
    return;
  }
}
