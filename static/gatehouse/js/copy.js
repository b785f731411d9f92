// <button data-copy="text"> copies the text; <button data-copy-from="id"> copies what the element holds;
// <button data-copy-near> copies the visible <pre> or <code> of the nearest .code block.
function textFor(button) {
  if (button.dataset.copy) return button.dataset.copy;
  if (button.dataset.copyFrom) {
    const source = document.getElementById(button.dataset.copyFrom);
    return source?.value ?? source?.textContent ?? "";
  }
  const panels = [...button.closest(".code").querySelectorAll("pre, code:not(pre code)")];
  return (panels.find((panel) => panel.checkVisibility()) ?? panels[0])?.textContent ?? "";
}

// A plain-http page on another host has no navigator.clipboard; a selected textarea still copies.
async function write(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "visually-hidden";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("copy refused");
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy], [data-copy-from], [data-copy-near]");
  if (!button) return;
  try {
    await write(textFor(button).trim());
  } catch {
    document.dispatchEvent(new CustomEvent("gatehouse:toast", { detail: { level: "error", text: "The browser refused to copy. Select the text and copy it by hand." } }));
    return;
  }
  button.setAttribute("data-copied", "");
  const status = button.querySelector("[data-copy-status]");
  if (status) status.textContent = "Copied";
  setTimeout(() => {
    button.removeAttribute("data-copied");
    if (status) status.textContent = "";
  }, 1800);
});
