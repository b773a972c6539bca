/** Return the words a form brings along for its scripts: say("size", { size: "3 KB" }). */
export function wordsOf(root) {
  const template = root.querySelector("template[data-words]");
  return (name, facts = {}) => {
    const text = template?.content.querySelector(`[data-word="${name}"]`)?.textContent ?? "";
    return text.replace(/\{(\w+)\}/g, (whole, fact) => (fact in facts ? facts[fact] : whole));
  };
}
