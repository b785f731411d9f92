// Applies the stored theme before the first paint (so it is a blocking script, not a module) and lets
// [data-theme-toggle] buttons switch it. Without a stored choice the system's preference rules.
(() => {
  const root = document.documentElement;
  const stored = () => { try { return localStorage.getItem("gatehouse-theme"); } catch { return null; } };
  const store = (theme) => { try { localStorage.setItem("gatehouse-theme", theme); } catch { /* private mode: the choice lasts for this page */ } };

  root.classList.add("js");
  const chosen = stored();
  if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;

  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-theme-toggle]")) return;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    store(root.dataset.theme);
  });
})();
