/** Remove what the service worker kept for others than who is signed in; all of it at the sign-out. */
export function forget(root) {
  if (!("caches" in window)) return;
  const { keeper } = root.documentElement.dataset;
  clear(keeper).catch(() => undefined);
  root.addEventListener("submit", (event) => {
    // At once: the page that follows may never come.
    if (/\/sign-out(-everywhere)?$/.test(event.target.action)) clear("").catch(() => undefined);
  });
}

async function clear(keeper) {
  for (const name of await caches.keys()) if (!keeper || name !== `kept-${keeper}`) await caches.delete(name);
  if (keeper || !("serviceWorker" in navigator)) return;
  for (const one of await navigator.serviceWorker.getRegistrations()) await one.unregister();
}
