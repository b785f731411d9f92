// <time data-countdown datetime="…"> counts down to its moment, every second.
const units = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

function words(seconds) {
  if (seconds <= 0) return "no time any more";
  const first = units.findIndex(([, size]) => seconds >= size);
  return units
    .slice(first, first + 2)
    .map(([name, size]) => {
      const number = Math.floor(seconds / size);
      seconds -= number * size;
      return number ? `${number} ${name}${number === 1 ? "" : "s"}` : "";
    })
    .filter(Boolean)
    .join(", ");
}

function tick() {
  for (const time of document.querySelectorAll("time[data-countdown]")) {
    const text = words(Math.round((new Date(time.dateTime) - Date.now()) / 1000));
    if (time.textContent !== text) time.textContent = text;
  }
}

tick();
setInterval(tick, 1000);
