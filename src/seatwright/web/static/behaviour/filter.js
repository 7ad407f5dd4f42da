// A search field that narrows the list named by `data-filter` while one types; sending it asks the server, as without this.
import { attach } from "./attach.js";

attach("[data-filter]", (field) => {
  field.addEventListener("input", () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    const list = document.getElementById(field.dataset.filter);
    for (const item of list ? list.children : []) {
      const text = item.dataset.text.toLowerCase();
      item.hidden = !item.querySelector(":checked") && !words.every((word) => text.includes(word));
    }
  });
});
