/** Open a dialog over the page; browsers without showModal still show it, only less strictly. */
export function openDialog(dialog) {
  if (dialog.showModal) {
    if (!dialog.open) dialog.showModal();
  } else {
    dialog.setAttribute("open", "");
    for (const form of dialog.querySelectorAll('form[method="dialog"]')) {
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        closeDialog(dialog);
      });
    }
  }
}

export function closeDialog(dialog) {
  if (dialog.close) dialog.close();
  else dialog.removeAttribute("open");
}
