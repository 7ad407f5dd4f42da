// The quantity editor: opens rows in place, keeps total and difference in step, and asks for the price of what is typed.
import { attach } from "./attach.js";

const digits = /^\d{1,7}$/;

function line(fields) {
  const base = Number(fields.querySelector("[name^='base-']").value);
  const total = fields.querySelector("[name^='total-']");
  const by = fields.querySelector("[name^='by-']");
  const delta = fields.querySelector("[data-delta]");
  const show = () => {
    const change = digits.test(total.value) ? Number(total.value) - base : 0;
    delta.textContent = change ? `${change > 0 ? "+" : "−"}${Math.abs(change)}` : "";
  };
  const follow = () => {
    const fewer = fields.querySelector("[value='fewer']").checked;
    if (digits.test(by.value)) total.value = String(base + (fewer ? -1 : 1) * Number(by.value));
    else if (!by.value) total.value = String(base);
    show();
  };
  by.addEventListener("input", follow);
  for (const radio of fields.querySelectorAll("[type=radio]")) radio.addEventListener("input", () => by.value && follow());
  total.addEventListener("input", () => { by.value = ""; show(); });
  for (const button of fields.querySelectorAll("[data-set-total]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      total.value = button.dataset.setTotal;
      total.dispatchEvent(new Event("input", { bubbles: true }));
    });
  }
  show();
  return () => total.value !== String(base);
}

attach("[data-editor]", (form) => {
  const changed = [...form.querySelectorAll(".editor-fields")].map(line);
  const checkout = form.querySelector("[data-checkout]");
  const open = (row, opener, wanted) => {
    row.hidden = !wanted;
    opener.setAttribute("aria-expanded", String(wanted));
    checkout.hidden = !form.querySelector("tr.editor:not([hidden])");
    if (wanted) row.querySelector("[name^='total-']").focus();
  };
  for (const opener of form.querySelectorAll("[data-edit]")) {
    const row = document.getElementById(opener.dataset.edit);
    opener.setAttribute("role", "button");
    opener.setAttribute("aria-expanded", String(!row.hidden));
    opener.setAttribute("aria-controls", row.id);
    opener.addEventListener("click", (event) => { event.preventDefault(); open(row, opener, row.hidden); });
  }
  if (changed.some((isChanged) => isChanged())) setTimeout(() => form.dispatchEvent(new Event("price")), 50);
});
