// On pages a rider holds out where there is no network: have the service worker keep them.
const here = document.querySelector("[data-keep]");

if (here && "serviceWorker" in navigator && !("isKept" in document.documentElement.dataset)) {
  // What is shown may have come as the answer to a form, which no service worker sees.
  const listed = [...document.querySelectorAll("a[data-keep-page]")].map((link) => link.pathname);
  ask(listed.length ? { keep: listed } : { keep: [location.pathname], again: true }).catch(() => undefined);
}

async function ask(wish) {
  const { serviceWorker } = navigator;
  if (here.dataset.live) await serviceWorker.register(here.dataset.keep, { updateViaCache: "none" });
  else if (!(await serviceWorker.getRegistration())) return;
  (await serviceWorker.ready).active.postMessage(wish);
}

// A kept page gives way to the real one as soon as that can be had. "Online" alone promises little.
if ("isKept" in document.documentElement.dataset) {
  addEventListener("online", comeBack);
  setInterval(comeBack, 10000);
}

function comeBack() {
  fetch(location.pathname, { method: "HEAD", cache: "no-store" }).then(() => location.reload(), () => undefined);
}
