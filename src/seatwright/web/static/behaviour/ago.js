// Shows how long ago an instant was, in the language of the page, and keeps it fresh.
const UNITS = [
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
];
const words = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "auto" });

function text(instant) {
  const seconds = Math.round((new Date(instant) - Date.now()) / 1000);
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
