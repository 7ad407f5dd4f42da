// Runs `behave` on every element with the selector, now and whenever htmx brings new ones; once for each element.
export function attach(selector, behave) {
  const seen = new WeakSet();
  const run = (root) => {
    for (const element of root.querySelectorAll(selector)) {
      if (seen.has(element)) continue;
      seen.add(element);
      behave(element);
    }
  };
  run(document);
  document.addEventListener("htmx:after:swap", () => run(document));
}
