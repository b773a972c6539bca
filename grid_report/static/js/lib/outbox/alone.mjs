import { newKey } from "./keys.mjs";
import { endLease, takeLease } from "./store.mjs";

const NAME = "grid-report-outbox";

/**
 * Do work that only one page, or the service worker, may do at a time; false while another does.
 * `wait`: until the other is done, or gone, where the browser can tell.
 */
export async function alone(work, { wait = false } = {}) {
  if (navigator.locks?.request) {
    return navigator.locks.request(NAME, wait ? {} : { ifAvailable: true }, async (lock) => {
      if (lock) await work(() => true);
      return Boolean(lock);
    });
  }
  const holder = newKey();
  const renew = () => takeLease(holder, Date.now());
  if (!(await renew())) return false;
  try {
    await work(renew);
  } finally {
    await endLease(holder);
  }
  return true;
}
