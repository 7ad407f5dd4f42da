// Shows how long ago an instant was, in the language of the page, and keeps it fresh; "now" is the server's time.
const UNITS = [
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
];
const words = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "auto" });

const aheadMs = new Date(document.querySelector("meta[name=server-now]").content) - Date.now();

function text(instant) {
  const seconds = Math.round((new Date(instant) - Date.now() - aheadMs) / 1000);
  for (const [unit, size] of UNITS) {
    if (Math.abs(seconds) >= size) return words.format(Math.trunc(seconds / size), unit);
  }
  return words.format(0, "second");
}

function refresh() {
  for (const element of document.querySelectorAll("time[data-ago]")) element.textContent = text(element.dateTime);
}

refresh();
setInterval(refresh, 30000);
document.addEventListener("htmx:after:swap", refresh);
