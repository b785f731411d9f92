// .dropzone[data-dropzone] wraps a file input: shows the chosen name and the drag-over state.
// data-dropzone="id" also reads a text file into that textarea, so it can be seen and edited before it is sent.
const zone = (event) => event.target.closest?.("[data-dropzone]");

for (const name of ["dragenter", "dragover"]) document.addEventListener(name, (event) => zone(event)?.setAttribute("data-over", ""));
for (const name of ["dragleave", "drop"]) document.addEventListener(name, (event) => zone(event)?.removeAttribute("data-over"));

function size(bytes) {
  return bytes < 1024 ? `${bytes} B` : bytes < 1048576 ? `${(bytes / 1024).toFixed(1)} KB` : `${(bytes / 1048576).toFixed(1)} MB`;
}

document.addEventListener("change", async (event) => {
  const area = zone(event);
  if (!area || event.target.type !== "file") return;
  const file = event.target.files[0];
  const output = area.querySelector("output");
  if (output) output.textContent = file ? `${file.name} · ${size(file.size)}` : "";
  const target = area.dataset.dropzone && document.getElementById(area.dataset.dropzone);
  if (!file || !target) return;
  target.value = await file.text();
  target.dispatchEvent(new Event("input", { bubbles: true }));
});
