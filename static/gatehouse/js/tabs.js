// [data-tabs] holds a [role=tablist] of buttons and as many .tab-panel elements, in the same order.
// Arrow keys, Home and End move between tabs. data-tabs="language" remembers the chosen label under that
// name and follows it in every group of the same name on the page.
let count = 0;

function parts(group) {
  return {
    tabs: [...group.querySelectorAll("[role=tab]")],
    panels: [...group.querySelectorAll(":scope > .tab-panel, :scope > .tab-panels > .tab-panel")],
  };
}

function select(group, index, focus = false) {
  const { tabs, panels } = parts(group);
  tabs.forEach((tab, i) => {
    tab.setAttribute("aria-selected", String(i === index));
    tab.tabIndex = i === index ? 0 : -1;
  });
  panels.forEach((panel, i) => { panel.hidden = i !== index; });
  if (focus) tabs[index].focus();
}

function choose(group, index) {
  select(group, index, true);
  const name = group.dataset.tabs;
  if (!name) return;
  const label = parts(group).tabs[index].textContent.trim();
  try { localStorage.setItem(`gatehouse-tabs-${name}`, label); } catch { /* the choice lasts for this page */ }
  for (const other of document.querySelectorAll(`[data-tabs="${CSS.escape(name)}"]`)) if (other !== group) follow(other, label);
}

function follow(group, label) {
  const index = parts(group).tabs.findIndex((tab) => tab.textContent.trim() === label);
  if (index >= 0) select(group, index);
}

function prepare(group) {
  if (group.hasAttribute("data-ready")) return;
  const { tabs, panels } = parts(group);
  if (!tabs.length) return;
  const id = `tabs-${++count}`;
  tabs.forEach((tab, i) => {
    tab.id ||= `${id}-tab-${i}`;
    if (!panels[i]) return;
    panels[i].id ||= `${id}-panel-${i}`;
    panels[i].setAttribute("role", "tabpanel");
    panels[i].setAttribute("aria-labelledby", tab.id);
    tab.setAttribute("aria-controls", panels[i].id);
  });
  select(group, Math.max(0, tabs.findIndex((tab) => tab.getAttribute("aria-selected") === "true")));
  group.setAttribute("data-ready", "");
  if (!group.dataset.tabs) return;
  try { follow(group, localStorage.getItem(`gatehouse-tabs-${group.dataset.tabs}`)); } catch { /* no storage, first tab */ }
}

document.addEventListener("click", (event) => {
  const tab = event.target.closest("[data-tabs] [role=tab]");
  if (!tab) return;
  const group = tab.closest("[data-tabs]");
  choose(group, parts(group).tabs.indexOf(tab));
});

document.addEventListener("keydown", (event) => {
  const tab = event.target.closest?.("[data-tabs] [role=tab]");
  if (!tab) return;
  const group = tab.closest("[data-tabs]");
  const { tabs } = parts(group);
  const at = tabs.indexOf(tab);
  const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
  if (next === undefined) return;
  event.preventDefault();
  choose(group, (next + tabs.length) % tabs.length);
});

const prepareAll = () => document.querySelectorAll("[data-tabs]").forEach(prepare);
document.addEventListener("htmx:load", prepareAll);
prepareAll();

// On a narrow screen a row of tabs scrolls: the current one is in sight from the start.
for (const tab of document.querySelectorAll("nav.tabs > [aria-current]")) {
  const row = tab.parentElement;
  row.scrollLeft = tab.offsetLeft - (row.clientWidth - tab.offsetWidth) / 2;
}
