// The command palette: Ctrl-K (⌘K) or [data-palette-open] opens it, arrows choose, Enter goes there, Escape closes.
const dialog = document.getElementById("palette");
const query = document.getElementById("palette-query");
const options = () => [...document.querySelectorAll("#palette-found [data-url]")];

function choose(option) {
  for (const one of options()) one.setAttribute("aria-selected", String(one === option));
  if (option) query.setAttribute("aria-activedescendant", option.id);
  else query.removeAttribute("aria-activedescendant");
  option?.scrollIntoView({ block: "nearest" });
}

function move(step) {
  const all = options();
  const at = all.findIndex((one) => one.getAttribute("aria-selected") === "true");
  if (all.length) choose(all[(at + step + all.length) % all.length]);
}

function open() {
  if (dialog.open) return;
  dialog.showModal();
  query.value = "";
  query.focus();
  query.dispatchEvent(new Event("palette:open"));
}

if (dialog) {
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    event.preventDefault();
    open();
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-palette-open]")) open();
    const option = event.target.closest("#palette-found [data-url]");
    if (option) window.location.assign(option.dataset.url);
  });
  query.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") move(1);
    else if (event.key === "ArrowUp") move(-1);
    else if (event.key === "Enter") {
      const chosen = options().find((one) => one.getAttribute("aria-selected") === "true");
      if (chosen) window.location.assign(chosen.dataset.url);
    } else return;
    event.preventDefault();
  });
  document.addEventListener("htmx:afterSettle", () => {
    if (dialog.open) choose(options()[0]);
  });
}
