import { closeDialog, openDialog } from "../dialogs.mjs";

/** Show a photo large over the page; without dialogs the link opens it by itself. */
export function lightbox(root) {
  root.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-photo]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || !window.HTMLDialogElement) return;
    event.preventDefault();
    const box = document.createElement("dialog");
    box.className = "lightbox";
    const picture = document.createElement("img");
    picture.src = link.href;
    picture.alt = link.querySelector("img")?.alt ?? "";
    const close = document.createElement("button");
    close.type = "button";
    close.textContent = "×";
    close.setAttribute("aria-label", document.body.dataset.wordClose);
    box.append(picture, close);
    box.addEventListener("click", () => closeDialog(box));
    box.addEventListener("close", () => {
      box.remove();
      link.focus();
    });
    document.body.append(box);
    openDialog(box);
  });
}
