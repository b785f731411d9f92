// Messages that come and go. The server renders .toast elements into #toasts (or swaps them in), or sends
// HX-Trigger: {"gatehouse:toast": {"level": "success", "text": "Saved"}}; both end here.
// Errors stay until dismissed; anything else leaves after eight seconds unless the pointer or focus is on it.
const region = () => document.getElementById("toasts");

function show({ level = "info", text = "" }) {
  const template = document.getElementById(`toast-${level}`) ?? document.getElementById("toast-info");
  if (!template || !region()) return;
  const toast = template.content.firstElementChild.cloneNode(true);
  toast.querySelector("p").textContent = text;
  region().append(toast);
  schedule(toast);
}

function schedule(toast) {
  if (toast.dataset.scheduled || toast.matches(".tone-error, .tone-danger")) return;
  toast.dataset.scheduled = "yes";
  setTimeout(function leave() {
    if (toast.matches(":hover, :focus-within")) setTimeout(leave, 2000);
    else toast.remove();
  }, 8000);
}

document.addEventListener("gatehouse:toast", (event) => show(event.detail));
document.addEventListener("htmx:responseError", (event) => {
  const { status } = event.detail.xhr;
  if (status === 400 || status === 403) show({ level: "error", text: "This was refused, and nothing was changed. Load the page again, then try once more." });
  if (status >= 500) show({ level: "error", text: "The server could not do this. Try again, or look at its log." });
});
document.addEventListener("htmx:sendError", () => show({ level: "error", text: "The server cannot be reached." }));
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-toast-close]")) event.target.closest(".toast")?.remove();
});
const scheduleAll = () => region()?.querySelectorAll(".toast").forEach(schedule);
document.addEventListener("htmx:load", scheduleAll);
scheduleAll();
