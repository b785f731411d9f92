// [data-tree]: marks the chosen link, because only the detail beside the tree is swapped.
// [data-tree-filter="id"]: shows the resources of that tree whose path or method holds the text.
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-tree] a");
  if (!link || event.metaKey || event.ctrlKey) return;
  for (const other of link.closest("[data-tree]").querySelectorAll("[aria-current]")) other.removeAttribute("aria-current");
  link.setAttribute("aria-current", "true");
});

function matches(item, text) {
  return item.textContent.toLowerCase().includes(text);
}

document.addEventListener("input", (event) => {
  const id = event.target.dataset?.treeFilter;
  if (!id) return;
  const text = event.target.value.trim().toLowerCase();
  for (const item of document.getElementById(id).querySelectorAll("li")) item.hidden = text !== "" && !matches(item, text);
});
