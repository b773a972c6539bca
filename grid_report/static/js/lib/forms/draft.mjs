// The one unfinished report of a member, kept on the phone: words, choices and photos, for a week.
import { deleteDraft, getDraft, putDraft } from "../outbox/store.mjs";

const WEEK_MS = 7 * 24 * 3600 * 1000;

/** Tell whether a draft has waited longer than it is kept. */
export const isOld = (draft, now) => now - draft.at > WEEK_MS;

/**
 * Keep a draft, its files as bytes; tells whether it is kept: some browsers store nothing. `wanted` is asked last
 * of all: what was sent meanwhile is no draft any more.
 */
export async function keepDraft(draft, wanted = () => true) {
  try {
    const files = await Promise.all(draft.files.map(packed));
    if (!wanted()) return false;
    await putDraft(draft.member, { ...draft, files, at: Date.now() });
    return true;
  } catch {
    return false;
  }
}

/** Return the draft of this member, null when there is none or it is old. */
export async function readDraft(member) {
  try {
    const draft = await getDraft(member);
    if (!draft) return null;
    if (isOld(draft, Date.now())) {
      await forgetDraft(member);
      return null;
    }
    return { ...draft, files: draft.files.map(unpacked) };
  } catch {
    return null;
  }
}

export async function forgetDraft(member) {
  try {
    await deleteDraft(member);
  } catch {
    return;
  }
}

// Read once a file: a draft is kept after each word.
const known = new WeakMap();

/** Turn a file into what every browser stores. */
export async function packed(file) {
  if (!known.has(file)) known.set(file, await new Response(file).arrayBuffer());
  return { bytes: known.get(file), name: file.name ?? "", type: file.type };
}

/** Turn it back; what an older version kept is still a file. */
export function unpacked(kept) {
  if (kept instanceof Blob) return kept;
  const file = new File([kept.bytes], kept.name || "photo.jpg", { type: kept.type });
  known.set(file, kept.bytes);
  return file;
}
