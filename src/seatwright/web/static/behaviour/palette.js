// The command palette: Ctrl+K opens it, typing asks the server, arrows choose, Enter goes.
import { attach } from "./attach.js";

attach("[data-palette]", (dialog) => {
  const input = dialog.querySelector("input");
  const results = dialog.querySelector("[data-palette-results]");
  const status = dialog.querySelector("[data-palette-status]");
  let timer, asked, chosen = -1;

  const options = () => [...results.querySelectorAll("[role=option]")];
  const choose = (index) => {
    const all = options();
    chosen = all.length ? (index + all.length) % all.length : -1;
    all.forEach((option, at) => option.setAttribute("aria-selected", String(at === chosen)));
    if (chosen < 0) return input.removeAttribute("aria-activedescendant");
    input.setAttribute("aria-activedescendant", all[chosen].id);
    all[chosen].scrollIntoView({ block: "nearest" });
  };
  const ask = async () => {
    asked?.abort();
    asked = new AbortController();
    const url = `${dialog.dataset.palette}?${new URLSearchParams({ q: input.value })}`;
    try {
      const answer = await fetch(url, { headers: { "HX-Request": "true" }, signal: asked.signal });
      if (answer.headers.has("HX-Redirect")) return location.assign(answer.headers.get("HX-Redirect"));
      results.innerHTML = await answer.text();
      status.textContent = results.querySelector("template")?.content.textContent ?? "";
      choose(0);
    } catch (trouble) {
      if (trouble.name !== "AbortError") results.replaceChildren();
    }
  };
  const open = (event) => {
    event.preventDefault();
    if (!dialog.open) dialog.showModal();
    input.select();
    ask();
  };
  const moves = { ArrowDown: () => choose(chosen + 1), ArrowUp: () => choose(chosen - 1), Enter: () => options()[chosen]?.click() };

  input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, 120); });
  input.addEventListener("keydown", (event) => {
    if (!moves[event.key]) return;
    event.preventDefault();
    moves[event.key]();
  });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") open(event);
  });
  for (const opener of document.querySelectorAll("[data-palette-open]")) opener.addEventListener("click", open);
});
