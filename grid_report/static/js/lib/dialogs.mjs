/** Open a dialog over the page; browsers without showModal still show it, only less strictly. */
export function openDialog(dialog) {
  if (dialog.showModal) {
    if (!dialog.open) dialog.showModal();
    return;
  }
  dialog.setAttribute("open", "");
  if (dialog.dataset.closes) return;
  dialog.dataset.closes = "1";
  dialog.addEventListener("submit", (event) => {
    if (event.target.getAttribute("method") !== "dialog") return;
    event.preventDefault();
    closeDialog(dialog);
  });
}

export function closeDialog(dialog) {
  if (dialog.close) dialog.close();
  else dialog.removeAttribute("open");
}
