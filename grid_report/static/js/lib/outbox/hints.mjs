// Two things every page asks at once, without opening the store: whose phone this is now, and how
// much waits. What is true stands in the store; these only save looking.
const MEMBER = "grid-report-member";
const UNSENT = "grid-report-unsent";
// The place this member chose last; it goes with the sign-out.
export const LAST_PLACE = "grid-report-last-place";

function read(name, otherwise) {
  try {
    return JSON.parse(localStorage.getItem(name)) ?? otherwise;
  } catch {
    return otherwise;
  }
}

function write(name, value) {
  try {
    localStorage.setItem(name, JSON.stringify(value));
  } catch {
    return; // then the pages that show the queue look by themselves
  }
}

/** Return who used this phone last: { member, position, photos } with what they agreed to. */
export const whoIsHere = () => read(MEMBER, { member: "" });

/** Note who is signed in; what is known of them stays while it is the same person. */
export function arrive(member, facts = {}) {
  const before = whoIsHere();
  write(MEMBER, { ...(before.member === member ? before : {}), ...facts, member });
}

export function leave() {
  write(MEMBER, { member: "" });
  write(LAST_PLACE, null);
}

/** Return how much of a member's waits on this phone; of everybody without a name. */
export function unsentOf(member) {
  const all = read(UNSENT, {});
  return member === undefined ? Object.values(all).reduce((sum, count) => sum + count, 0) : all[member] ?? 0;
}

/** Note how much waits: { member: count }. */
export const noteUnsent = (counts) => write(UNSENT, counts);
