/** Buttons that print the page; without script there are none, and the browser's own does it. */
export function printing(root) {
  root.addEventListener("click", (event) => {
    if (event.target.closest("[data-print]")) window.print();
  });
}
