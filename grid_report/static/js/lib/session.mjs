/** Return what a request of this browser has to carry along: of the page, or asked for now. Throws without network. */
export async function tokenOf(form) {
  if (form.elements.csrf_token) return form.elements.csrf_token.value;
  const answer = await fetch("/session", { headers: { Accept: "application/json" }, cache: "no-store" });
  const { member, token } = await answer.json();
  if (!member) throw new Error("signed out");
  return token;
}
