// [data-tree]: marks the chosen link, because only the detail beside the tree is swapped.
// [data-tree-filter="id"]: shows the resources of that tree whose path or method holds the text.
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-tree] a");
  if (!link || event.metaKey || event.ctrlKey) return;
  for (const other of link.closest("[data-tree]").querySelectorAll("[aria-current]")) other.removeAttribute("aria-current");
  link.setAttribute("aria-current", "true");
});

// A match shows itself, what leads to it and what is below it.
function show(item, text, aboveMatches) {
  const own = item.querySelector(":scope > a")?.textContent.toLowerCase() ?? "";
  const matches = aboveMatches || own.includes(text);
  let below = false;
  for (const child of item.querySelectorAll(":scope > ul > li")) below = show(child, text, matches) || below;
  item.hidden = !(matches || below);
  return !item.hidden;
}

document.addEventListener("input", (event) => {
  const id = event.target.dataset?.treeFilter;
  if (!id) return;
  const text = event.target.value.trim().toLowerCase();
  for (const item of document.getElementById(id).querySelectorAll(":scope > ul > li")) show(item, text, text === "");
});

// <button data-fill="id" value="text">: puts the text into that field.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-fill]");
  if (!button) return;
  const field = document.getElementById(button.dataset.fill);
  field.value = button.value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
});

// <input type="checkbox" data-check-all="name">: ticks every box of that name, or none.
document.addEventListener("change", (event) => {
  const name = event.target.dataset?.checkAll;
  if (!name) return;
  for (const box of document.querySelectorAll(`input[type="checkbox"][name="${name}"]`)) box.checked = event.target.checked;
});

// A form that is sent back with errors has status 422; it is shown like any other answer.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.xhr.status !== 422) return;
  event.detail.shouldSwap = true;
  event.detail.isError = false;
});

// [data-live] looks again by itself: not while nobody sees it, and what was opened in it stays open.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (document.hidden && event.detail.elt.matches("[data-live]")) event.preventDefault();
});
let opened = [];
document.addEventListener("htmx:beforeSwap", (event) => {
  const live = event.detail.target.closest("[data-live]");
  opened = live ? [...live.querySelectorAll("details[id][open]")].map((details) => [details.id, details.querySelector(".table-wrap")?.scrollTop ?? 0]) : [];
});
document.addEventListener("htmx:afterSwap", () => {
  for (const [id, top] of opened) {
    const details = document.getElementById(id);
    if (!details) continue;
    details.open = true;
    details.querySelector(".table-wrap")?.scrollTo({ top });
  }
  opened = [];
});

// <input type="range" data-mirror="id">: a slider beside the number field of that id.
document.addEventListener("input", (event) => {
  const slider = event.target.matches("[data-mirror]") ? event.target : document.querySelector(`[data-mirror="${CSS.escape(event.target.id || "-")}"]`);
  if (!slider) return;
  if (event.target === slider) document.getElementById(slider.dataset.mirror).value = slider.value;
  else if (event.target.value !== "") slider.value = event.target.value;
});

// input[data-find]: Enter finds, by the button behind it, and does not send the form that it stands in.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.matches("[data-find]")) return;
  event.preventDefault();
  event.target.parentElement.querySelector("button").click();
});
