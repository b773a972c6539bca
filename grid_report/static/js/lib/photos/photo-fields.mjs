import { previewUrl, shrink, sizeWords } from "./shrink.mjs";

/** Show what was chosen and shrink it before it is sent; without DataTransfer send as chosen. */
export function photoFields(root) {
  for (const field of root.querySelectorAll('[data-enhance="photos"]')) {
    const input = field.querySelector('input[type="file"]');
    const list = field.querySelector("[data-previews]");
    input.addEventListener("change", async () => {
      const chosen = [...input.files];
      list.textContent = "";
      list.hidden = !chosen.length;
      const ready = [];
      for (const file of chosen) {
        const { file: small } = await shrink(file);
        ready.push(small);
        list.append(preview(small));
      }
      replaceFiles(input, ready);
    });
  }
}

function preview(file) {
  const item = document.createElement("li");
  const picture = document.createElement("img");
  picture.alt = "";
  picture.src = previewUrl(file);
  const size = document.createElement("small");
  size.textContent = sizeWords(file.size);
  item.append(picture, size);
  return item;
}

/** Put other files into an input; old browsers cannot, and then the originals are sent. */
export function replaceFiles(input, files) {
  try {
    const transfer = new DataTransfer();
    for (const file of files) transfer.items.add(file);
    input.files = transfer.files;
    return true;
  } catch {
    return false;
  }
}
