import { acceptOf } from "./accept.mjs";
import { readExif } from "./exif.mjs";
import { isHeic, isTorn } from "./look-at-file.mjs";
import { previewUrl, shrink, sizeWords } from "./shrink.mjs";

/** Collect photos: previews, shrinking, removal. The files themselves travel with `files()`. */
export function shots(form, { say, changed, first, placed }) {
  const box = form.querySelector("[data-shots]");
  const camera = box.querySelector("[data-camera]");
  const album = box.querySelector("[data-album]");
  const most = Number(form.dataset.maxFiles);
  const mostBytes = Number(form.dataset.maxMb) * 1024 * 1024;
  const line = form.querySelector("[data-shots-hint]");
  const calm = line.textContent;
  const words = camera.parentElement.querySelector("b");
  const plainWords = words.textContent;
  const list = [];
  let work = Promise.resolve();
  let told = null;

  for (const input of [camera, album]) {
    input.accept = acceptOf(navigator.userAgent, input.accept);
    input.addEventListener("change", () => {
      const chosen = [...input.files];
      input.value = ""; // from here on the photos live in the list, and the same one may be chosen again
      if (!chosen.length) return;
      first();
      work = work.then(() => take(chosen, input === album));
    });
  }
  box.addEventListener("change", (event) => {
    if (event.target.name === "drop_kept") arrange();
  });
  arrange();

  async function take(chosen, fromAlbum) {
    hint("");
    for (const file of chosen) {
      if (!file.size || (file.type && !file.type.startsWith("image/"))) {
        hint(say("not_photo"));
        continue;
      }
      if (count() >= most) {
        hint(say("too_many", { n: most }));
        break;
      }
      const shot = add(file);
      if (await isTorn(file)) {
        remove(shot);
        hint(say("torn"));
        continue;
      }
      const { takenAt, spot } = await readExif(file, { where: Boolean(form.dataset.position) });
      const { file: small, shrunk } = await shrink(file);
      // Some browsers turn it into a JPEG; what is left goes to a server that may not read it.
      if (!form.dataset.heic && (await isHeic(small))) {
        remove(shot);
        hint(say("heic"));
        continue;
      }
      if (small.size > mostBytes) {
        remove(shot);
        hint(say("too_big", { n: form.dataset.maxMb }));
        continue;
      }
      shot.file = small;
      if (takenAt && !form.elements.taken_at.value) form.elements.taken_at.value = takenAt;
      shot.spot = spot && { ...spot, album: fromAlbum };
      tellSpot();
      shot.size.textContent = say(shrunk ? "shrunk" : "as_is", { size: sizeWords(small.size) });
      changed();
    }
  }

  function add(file) {
    const item = document.createElement("div");
    item.className = "shot";
    const picture = document.createElement("img");
    picture.src = previewUrl(file);
    // HEIC and damaged files: the server decodes or refuses them, but a torn picture helps nobody.
    picture.addEventListener("error", () => { picture.hidden = true; });
    const size = document.createElement("span");
    size.className = "shot-size";
    size.textContent = say("shrinking");
    const drop = document.createElement("button");
    drop.type = "button";
    drop.className = "shot-drop";
    const sign = document.createElement("span");
    sign.append(crossSign());
    drop.append(sign);
    item.append(picture, size, drop);
    const shot = { item, picture, size, drop, file };
    drop.addEventListener("click", () => {
      remove(shot);
      changed();
      camera.focus();
    });
    box.insertBefore(item, camera.closest("label"));
    list.push(shot);
    arrange();
    return shot;
  }

  function remove(shot) {
    URL.revokeObjectURL(shot.picture.src);
    shot.item.remove();
    list.splice(list.indexOf(shot), 1);
    arrange();
    tellSpot();
  }

  /** Tell where the first photo that knows it was taken, once it is another. */
  function tellSpot() {
    const spot = list.map((shot) => shot.spot).find(Boolean) ?? null;
    if (spot !== told) placed((told = spot));
  }

  function count() {
    return list.length + box.querySelectorAll("[data-kept] input[name=drop_kept]:not(:checked)").length;
  }

  function arrange() {
    const here = count();
    const any = here > 0 || box.querySelector("[data-kept]");
    box.classList.toggle("has-shots", Boolean(any));
    box.classList.toggle("is-full", here >= most);
    words.textContent = any ? say("again") : plainWords;
    list.forEach((shot, index) => {
      shot.picture.alt = say("photo", { n: index + 1 });
      shot.drop.setAttribute("aria-label", say("drop", { n: index + 1 }));
    });
  }

  /** Say in place of the hint what went wrong; nothing: the hint again. */
  function hint(wrong) {
    line.textContent = wrong || calm;
    line.classList.toggle("is-wrong", Boolean(wrong));
  }

  return {
    count,
    files: () => list.map(({ file }) => file),
    settled: () => work,
    /** Open camera and album: what was said is that photos are kept. */
    allowed() {
      box.hidden = false;
      for (const input of [camera, album]) input.disabled = false;
      camera.focus();
    },
    restore(files) {
      for (const file of files) {
        const shot = add(file);
        shot.size.textContent = sizeWords(file.size);
      }
    },
  };
}

function crossSign() {
  const sign = document.querySelector("[data-draft-clear] svg").cloneNode(true);
  sign.setAttribute("aria-hidden", "true");
  return sign;
}
