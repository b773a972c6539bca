// One request and its answer as facts: nothing here throws, a stall ends, and no answer is status 0.

const PATIENCE_MS = 60_000;

/** Return what asks through a browser's `fetch`; refusals come in the page's `language`. */
export function lineOf(fetch, language = "") {
  return async function ask(path, { method = "GET", headers = {}, body, patienceMs = PATIENCE_MS } = {}) {
    const stall = new AbortController();
    const timer = setTimeout(() => stall.abort(), patienceMs);
    try {
      const response = await fetch(path, {
        method, body, cache: "no-store", credentials: "same-origin", signal: stall.signal,
        headers: { Accept: "application/json", ...(language && { "Accept-Language": language }), ...headers },
      });
      return {
        status: response.status,
        redirected: response.redirected,
        url: response.url,
        retryAfter: response.headers.get("Retry-After"),
        header: (name) => response.headers.get(name),
        body: await jsonOf(response),
      };
    } catch {
      return { status: 0, body: null, header: () => null };
    } finally {
      clearTimeout(timer);
    }
  };
}

/** Return the JSON of an answer; a page, and an answer cut off in the middle of a JSON, are none. */
async function jsonOf(response) {
  if (!/json/.test(response.headers.get("Content-Type") ?? "")) return null;
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
