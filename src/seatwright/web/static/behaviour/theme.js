// Switches between light and dark; the choice is kept in a cookie, so that the server already draws the next page in it.
import { attach } from "./attach.js";

const root = document.documentElement;
const YEAR_S = 365 * 24 * 3600;

function current() {
  const chosen = root.dataset.bsTheme;
  return chosen || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
}

attach("[data-theme-toggle]", (button) => {
  button.hidden = false;
  button.addEventListener("click", () => {
    const next = current() === "dark" ? "light" : "dark";
    root.dataset.bsTheme = next;
    document.cookie = `seatwright-theme=${next}; path=/; max-age=${YEAR_S}; SameSite=Lax`;
  });
});
