import { leave, unsentOf } from "./outbox/hints.mjs";

/**
 * Remove what the service worker kept for others than who is signed in; all of a person's at the
 * sign-out. What is nobody's stays (the empty form, `shell`), and so does the worker while something waits.
 */
export function forget(root) {
  const { dataset } = root.documentElement;
  // A page from the phone itself does not say who is signed in.
  if (!("shell" in dataset)) clear(dataset.keeper).catch(() => undefined);
  root.addEventListener("submit", (event) => {
    if (event.defaultPrevented || !/\/sign-out(-everywhere)?$/.test(event.target.action)) return;
    // At once: the page that follows may never come.
    leave();
    clear("").catch(() => undefined);
  });
}

async function clear(keeper) {
  if (!("caches" in window)) return;
  for (const name of await caches.keys()) if (name.startsWith("kept-") && name !== `kept-${keeper}`) await caches.delete(name);
  if (!("serviceWorker" in navigator)) return;
  navigator.serviceWorker.controller?.postMessage({ only: keeper });
  if (keeper || unsentOf()) return;
  for (const one of await navigator.serviceWorker.getRegistrations()) await one.unregister();
}
