// [data-dialog-open="id"] opens a <dialog>; [data-dialog-close] and a press on the backdrop close it.
// <dialog data-dialog-auto> opens as soon as it is in the page, so a swapped-in fragment can be a dialog.
// <input data-confirm-match="name"> keeps the form's submit button disabled until the name is typed.
// hx-confirm questions are asked in #confirm-dialog instead of the browser's own box.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog-open]");
  if (opener) {
    // Browsers that know commandfor open it by themselves, before this script has come, too.
    if (!opener.commandForElement) document.getElementById(opener.dataset.dialogOpen)?.showModal();
    return;
  }
  if (event.target.closest("[data-dialog-close]")) event.target.closest("dialog")?.close();
  else if (event.target instanceof HTMLDialogElement) closeOnBackdrop(event);
});

function closeOnBackdrop(event) {
  const box = event.target.getBoundingClientRect();
  const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
  if (!inside) event.target.close();
}

function prepare(root) {
  for (const dialog of root.querySelectorAll("dialog[data-dialog-auto]")) if (!dialog.open) dialog.showModal();
  for (const input of root.querySelectorAll("[data-confirm-match]")) guard(input);
}

function guard(input) {
  const submit = input.form?.querySelector("[type=submit]");
  if (submit) submit.disabled = input.value.trim() !== input.dataset.confirmMatch;
}

document.addEventListener("input", (event) => {
  if (event.target.matches("[data-confirm-match]")) guard(event.target);
});
document.addEventListener("htmx:load", (event) => prepare(event.target.parentElement ?? document));
prepare(document);

document.addEventListener("htmx:confirm", (event) => {
  const dialog = document.getElementById("confirm-dialog");
  if (!dialog || !event.detail.question) return;
  event.preventDefault();
  dialog.querySelector("[data-confirm-question]").textContent = event.detail.question;
  dialog.returnValue = "";
  dialog.addEventListener("close", () => { if (dialog.returnValue === "yes") event.detail.issueRequest(true); }, { once: true });
  dialog.showModal();
});
