import { tokenOf } from "../session.mjs";

/** Consents of the report form: what is not agreed to is neither asked for nor opened. */
export function consents(form, { say, agreed }) {
  for (const button of form.querySelectorAll("[data-agree]")) {
    button.addEventListener("click", (event) => {
      event.preventDefault();
      agree(button.dataset.agree, button);
    });
  }

  /** One press: the act is kept first, and only then is the phone asked. */
  async function agree(kind, button) {
    button.disabled = true;
    try {
      const answer = await fetch(form.dataset.consents, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRFToken": await tokenOf(form) },
        body: JSON.stringify({ kind, agree: true }),
      });
      if (answer.status !== 201) throw new Error(String(answer.status));
    } catch {
      button.disabled = false;
      button.querySelector("span").textContent = say("agree_failed");
      return;
    }
    form.dataset[kind] = "yes";
    form.querySelector(`[data-consent="${kind}"]`).hidden = true;
    agreed[kind]();
  }
}
