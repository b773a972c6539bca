// What an answer means for what was sent. Pure. `answer`: { status, body, redirected, url, retryAfter };
// body is what was JSON, else null. No answer at all is { status: 0 }.

const MOST_SECONDS = 24 * 3600;

/** Tell whether a refusal is this site's own: anybody on the way can say 403 or 200. */
export const isOurs = (answer) => typeof answer.body?.code === "string" && typeof answer.body?.detail === "string";

/** Read a Retry-After; one that says nothing readable is `otherwise`. */
function secondsOf(answer, otherwise) {
  const said = Number(answer.retryAfter);
  return answer.retryAfter && Number.isFinite(said) ? Math.min(MOST_SECONDS, Math.max(1, said)) : otherwise;
}

/** Return what to do after an answer that is not the one hoped for. */
export function classify(answer) {
  const { status, body } = answer;
  if (!status) return { what: "network" };
  // Led to the page that asks who it is.
  if (answer.redirected && /\/sign-in(\?|$)/.test(answer.url ?? "")) return { what: "sign-in" };
  if (!isOurs(answer)) {
    // Somebody on the way takes no body of this size or kind: waiting does not help.
    if (status === 413 || status === 415) return { what: "refused", why: "on-the-way" };
    if (status === 429 || status >= 500) return { what: "server", seconds: secondsOf(answer, 0) };
    return { what: "portal" };
  }
  if (status === 401) return { what: "sign-in" };
  if (status === 400 && body.code === "form-expired") return { what: "token" };
  if (status === 408) return { what: "network" };
  if (status === 429) return { what: "limit", seconds: secondsOf(answer, 60) };
  if (status >= 500) return { what: "server", seconds: secondsOf(answer, 0) };
  return { what: "refused", why: body.code, words: wordsOf(body) };
}

/** Return the sentence a refusal is about: the first field's, else the whole's. */
function wordsOf(body) {
  const [first] = Object.values(body.errors ?? {});
  return first?.[0] ?? body.detail;
}
