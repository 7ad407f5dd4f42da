// On a phone the menu is a drawer. Without scripts `:target` opens it; here the focus follows and Escape closes it.
import { attach } from "./attach.js";

const narrow = matchMedia("(max-width: 63.99rem)");

attach("[data-drawer]", (drawer) => {
  const opener = document.querySelector(`[data-drawer-open="${drawer.id}"]`);
  const show = (open) => {
    drawer.classList.toggle("is-open", open);
    drawer.inert = narrow.matches && !open;
    opener.setAttribute("aria-expanded", String(open));
  };
  const close = () => {
    show(false);
    opener.focus();
  };
  opener.setAttribute("role", "button");
  opener.addEventListener("click", (event) => {
    event.preventDefault();
    show(true);
    drawer.querySelector("a").focus();
  });
  drawer.querySelector("[data-drawer-close]").addEventListener("click", (event) => {
    event.preventDefault();
    close();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && drawer.classList.contains("is-open")) close();
  });
  document.addEventListener("click", (event) => {
    const outside = !drawer.contains(event.target) && !opener.contains(event.target);
    if (outside && drawer.classList.contains("is-open")) close();
  });
  narrow.addEventListener("change", () => show(false));
  show(false);
});
