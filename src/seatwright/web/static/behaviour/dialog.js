// Opens the dialog that `data-dialog-open` names; the browser itself keeps the focus inside and closes it on Escape.
import { attach } from "./attach.js";

attach("[data-dialog-open]", (opener) => {
  opener.addEventListener("click", (event) => {
    event.preventDefault();
    document.getElementById(opener.dataset.dialogOpen).showModal();
  });
});

attach("dialog[data-dialog]", (dialog) => {
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
});
