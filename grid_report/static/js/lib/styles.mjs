const loading = new Map();

/** Load a stylesheet once and wait for it. One that failed is asked for again the next time. */
export function loadStyle(address) {
  if (!loading.has(address)) loading.set(address, ask(address));
  return loading.get(address);
}

function ask(address) {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = address;
  return new Promise((done, failed) => {
    link.addEventListener("load", () => done());
    link.addEventListener("error", () => {
      loading.delete(address);
      link.remove();
      failed(new Error(`no stylesheet ${address}`));
    });
    document.head.append(link);
  });
}
