// One fewer, one more: buttons and arrow keys change a quantity field. The server decides what is a quantity.
import { attach } from "./attach.js";

attach("[data-stepper]", (stepper) => {
  const input = stepper.querySelector("input");
  const step = (by) => {
    const value = /^\d{1,7}$/.test(input.value) ? Number(input.value) : 0;
    input.value = String(Math.max(0, value + by));
    input.dispatchEvent(new Event("input", { bubbles: true }));
  };
  for (const button of stepper.querySelectorAll("[data-step]")) {
    button.hidden = false;
    button.addEventListener("click", () => step(Number(button.dataset.step)));
  }
  input.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
    event.preventDefault();
    step(event.key === "ArrowUp" ? 1 : -1);
  });
});
