/** Send what a switch says and turn it only once that is kept; what failed is said, and nothing has moved. */
export function switches(list, { said, send }) {
  list.addEventListener("submit", async (event) => {
    const form = event.target;
    const button = form.querySelector("[role=switch]");
    if (!button) return;
    event.preventDefault();
    if (button.getAttribute("aria-busy") === "true") return;
    button.setAttribute("aria-busy", "true");
    const asked = form.elements.wanted;
    try {
      const answer = await send(form.action, {
        method: "POST",
        body: new URLSearchParams(new FormData(form)),
        headers: { Accept: "application/json" },
      });
      if (!answer.ok) throw new Error(String(answer.status));
      const { wanted } = await answer.json();
      button.setAttribute("aria-checked", String(wanted));
      asked.value = wanted ? "no" : "yes";
      said.textContent = "";
    } catch {
      said.textContent = list.dataset.failed;
    } finally {
      button.removeAttribute("aria-busy");
    }
  });
}
