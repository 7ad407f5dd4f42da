// A form that must not be sent twice takes its button away once it is sent; the server's key holds without this too.
import { attach } from "./attach.js";

attach("form[data-once]", (form) => {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    form.setAttribute("aria-busy", "true");
  });
  addEventListener("pageshow", () => {
    delete form.dataset.sent;
    form.removeAttribute("aria-busy");
  });
});
