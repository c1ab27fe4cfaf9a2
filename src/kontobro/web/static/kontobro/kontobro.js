// Small things that need a script. Without it every page still works.
(() => {
  const root = document.documentElement;

  // Times are shown in the reader's zone: the server learns it here.
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone) document.cookie = `zone=${zone}; path=/; max-age=31536000; samesite=lax${location.protocol === "https:" ? "; secure" : ""}`;

  document.getElementById("theme")?.addEventListener("click", () => {
    const dark = root.getAttribute("data-bs-theme") !== "dark";
    root.setAttribute("data-bs-theme", dark ? "dark" : "light");
    localStorage.setItem("theme", dark ? "dark" : "light");
  });

  // What can't be undone is asked once more.
  document.addEventListener("click", (event) => {
    const asked = event.target.closest("[data-confirm]");
    if (asked && !confirm(asked.dataset.confirm)) event.preventDefault();
  });

  // One box ticks all boxes of its name in the same form; without a script it is hidden.
  document.addEventListener("change", (event) => {
    const name = event.target.dataset?.tickAll;
    if (name) for (const box of event.target.form.querySelectorAll(`input[name="${name}"]`)) box.checked = event.target.checked;
  });

  // On a phone a table's rows are blocks (kontobro.css): each cell names its column, and roles say it is a table.
  const ROLES = { TABLE: "table", THEAD: "rowgroup", TBODY: "rowgroup", TR: "row", TD: "cell" };
  function stack(table) {
    const columns = [...table.querySelectorAll("thead th")].map((head) => (head.querySelector(".visually-hidden") ? "" : head.textContent.trim()));
    for (const part of [table, ...table.querySelectorAll("thead, tbody, tr, td")]) part.setAttribute("role", ROLES[part.tagName]);
    for (const head of table.querySelectorAll("th")) head.setAttribute("role", head.scope === "row" ? "rowheader" : "columnheader");
    for (const row of table.tBodies[0]?.rows ?? [])
      [...row.cells].forEach((cell, at) => {
        if (at > 0 && columns[at] && cell.colSpan === 1) cell.dataset.column = columns[at];
        if (!cell.textContent.trim() && !cell.children.length) cell.textContent = "";
      });
    table.classList.add("stacked");
  }

  // A table that is wider than its place can be scrolled by the keyboard too.
  function reach(place) {
    place.removeAttribute("tabindex");
    if (place.scrollWidth > place.clientWidth) place.tabIndex = 0;
  }

  function dress(part) {
    part.querySelectorAll(".card-table:not(.stacked)").forEach(stack);
    part.querySelectorAll(".table-responsive").forEach(reach);
    part.querySelectorAll("[data-tick-all]").forEach((box) => box.removeAttribute("hidden"));
  }
  addEventListener("DOMContentLoaded", () => dress(document));
  addEventListener("resize", () => document.querySelectorAll(".table-responsive").forEach(reach));
  document.addEventListener("htmx:afterSettle", (event) => dress(event.target.parentElement ?? document));
})();
