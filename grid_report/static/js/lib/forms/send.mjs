import { tokenOf } from "../session.mjs";
import { busy } from "./once.mjs";

/**
 * Send the form: into the queue of this phone (`queued`), which sends by itself; where nothing can be kept,
 * directly, with its progress on the button.
 */
export function send(form, { say, photos, again, done, queued, isKept }) {
  const button = document.querySelector("[data-send]");
  const label = document.querySelector("[data-send-label]");
  const note = document.querySelector("[data-send-note]");
  const bar = document.querySelector("[data-progress]");
  const plainLabel = label.dataset.plain ?? label.textContent;
  label.dataset.plain = plainLabel;
  let sending = false;

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!sending) go();
  });
  window.addEventListener("online", noticeNetwork);

  function noticeNetwork() {
    if (!form.isConnected) window.removeEventListener("online", noticeNetwork);
    else if (!note.hidden && !sending) tell(say("changed_network"));
  }

  async function go() {
    if (!complete()) return;
    sending = true;
    busy(button, true);
    note.hidden = true;
    await photos.settled();
    if (await queued()) return stop();
    show(0);
    try {
      post(await packed());
    } catch {
      failed(notSent());
    }
  }

  /** Promise no more than this browser keeps. */
  function notSent() {
    return say(`${navigator.onLine === false ? "offline" : "failed"}${isKept() ? "" : "_open"}`);
  }

  /** Point at the first thing that is missing, before anything is uploaded. */
  function complete() {
    const { lat, community, compound } = form.elements;
    const wants = [
      ["f-photo-consent", Boolean(form.dataset.photos), "need_consent"],
      ["f-photos", photos.count() > 0, "need_photo"],
      ["f-category", Boolean(form.querySelector('input[name="category"]:checked')), "need_category"],
      ["f-lat", Boolean(lat.value || community.value || compound.value), "need_place"],
    ];
    const missing = wants.find(([, there]) => !there);
    if (!missing) return true;
    tell(say(missing[2]));
    const spot = document.getElementById(missing[0]);
    spot.scrollIntoView({ block: "center" });
    spot.focus({ preventScroll: true });
    return false;
  }

  async function packed() {
    const data = new FormData(form);
    data.set("csrf_token", await tokenOf(form));
    data.delete("photos");
    photos.files().forEach((file, index) => data.append("photos", file, file.name || `photo-${index + 1}.jpg`));
    return data;
  }

  function post(data) {
    const request = new XMLHttpRequest(); // fetch does not tell how much went up
    request.open("POST", form.action || location.href);
    request.setRequestHeader("Accept", "text/html");
    request.responseType = "document";
    request.timeout = 180000;
    request.upload.onprogress = ({ lengthComputable, loaded, total }) => {
      if (lengthComputable) show(Math.round((100 * loaded) / total));
    };
    request.onload = () => answered(request);
    request.onerror = request.ontimeout = () => failed(notSent());
    request.send(data);
  }

  async function answered(request) {
    const page = request.responseXML;
    if (request.status === 200 && page?.querySelector("[data-sent]")) {
      await done();
      location.replace(request.responseURL);
      return;
    }
    if (request.status === 200) return failed(say(isKept() ? "signed_out" : "signed_out_open"), true); // led to the sign-in page
    const fresh = page?.querySelector('[data-enhance="report"]');
    if (fresh) return shown(page);
    failed(page?.querySelector(".error-sentence")?.textContent || notSent());
  }

  /** Put the refused form in place of this one: its words, its kept photos, what is wrong. */
  function shown(page) {
    stop();
    const main = document.querySelector("main");
    main.replaceWith(page.querySelector("main"));
    again(document.querySelector('[data-enhance="report"]'));
    window.scrollTo(0, 0);
    document.querySelector("[data-focus]")?.focus();
  }

  function failed(words, toSignIn = false) {
    stop();
    tell(words, toSignIn);
    label.textContent = say("retry");
  }

  function stop() {
    sending = false;
    busy(button, false);
    bar.hidden = true;
    label.textContent = plainLabel;
  }

  function show(percent) {
    bar.hidden = false;
    bar.value = percent;
    label.textContent = percent >= 100 ? say("checking") : say("sending", { percent });
  }

  /** Say what is wrong above the button; `toSignIn`: make the words a link to the sign-in. */
  function tell(words, toSignIn = false) {
    const place = note.querySelector("[data-send-words]");
    place.textContent = toSignIn ? "" : words;
    if (toSignIn) {
      const link = document.createElement("a");
      link.href = form.dataset.signIn;
      link.textContent = words;
      place.append(link);
    }
    note.hidden = false;
  }
}
