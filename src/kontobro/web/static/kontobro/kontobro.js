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

  // Who follows a link to a field can type at once.
  function focusTarget() {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target && target.id !== "content") target.focus({ preventScroll: false });
  }
  addEventListener("DOMContentLoaded", focusTarget);
  addEventListener("hashchange", focusTarget);

  // What can't be undone is asked once more.
  document.addEventListener("click", (event) => {
    const asked = event.target.closest("[data-confirm]");
    if (asked && !confirm(asked.dataset.confirm)) event.preventDefault();
  });

  // A form is sent once: who clicks twice, or again while the answer is on its way, does nothing more. After AGAIN it can
  // be sent again: its answer may have been a file, which leaves the page as it is.
  const AGAIN = 10_000; // milliseconds
  let sent = new WeakMap();
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (performance.now() - (sent.get(form) ?? -AGAIN) < AGAIN) {
      event.preventDefault();
      event.stopImmediatePropagation();
    } else sent.set(form, performance.now());
  }, true);
  addEventListener("pageshow", () => (sent = new WeakMap()));

  // One box ticks all boxes of its name in the same form; without a script it is hidden.
  document.addEventListener("change", (event) => {
    const name = event.target.dataset?.tickAll;
    if (name) for (const box of event.target.form.querySelectorAll(`input[name="${name}"]`)) box.checked = event.target.checked;
  });

  // A path is copied; without a clipboard it can be read beside the button.
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = button.dataset.copied;
  });

  // From the search to a row and back: "/" is the search, arrows go from row to row, Enter opens (a link does), Escape
  // goes back to the list. Not while someone types.
  const types = (element) => element.matches?.("input:not([type=checkbox]), select, textarea, [contenteditable]");
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const search = document.querySelector("[data-search]");
    if (event.key === "/" && search && !types(event.target)) {
      event.preventDefault();
      search.focus();
      search.select();
    }
    const back = document.querySelector("[data-back]");
    if (event.key === "Escape" && back && !types(event.target) && !document.querySelector(".dropdown-menu.show")) back.click();
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const rows = [...document.querySelectorAll("[data-list] a[data-row]")];
    const at = rows.indexOf(event.target);
    if (at < 0 && !(event.target === search && event.key === "ArrowDown")) return;
    const next = at + (event.key === "ArrowDown" ? 1 : -1);
    event.preventDefault();
    (next < 0 ? search : rows[Math.min(next, rows.length - 1)])?.focus();
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
    if (navigator.clipboard) part.querySelectorAll("[data-copy]").forEach((button) => button.removeAttribute("hidden"));
    part.querySelectorAll(".card-table:not(.stacked)").forEach(stack);
    part.querySelectorAll(".table-responsive").forEach(reach);
    part.querySelectorAll("[data-tick-all]").forEach((box) => box.removeAttribute("hidden"));
  }
  addEventListener("DOMContentLoaded", () => dress(document));
  addEventListener("resize", () => document.querySelectorAll(".table-responsive").forEach(reach));
  // A part of a page that does not come says so, instead of asking for ever. What asks again on its own stays as it is.
  function unloaded(event) {
    const part = event.detail.elt;
    if (/^every /.test(part.getAttribute("hx-trigger") ?? "")) return;
    event.detail.target.textContent = document.body.dataset.unloaded;
  }
  document.addEventListener("htmx:responseError", unloaded);
  document.addEventListener("htmx:sendError", unloaded);
  document.addEventListener("htmx:afterSettle", (event) => dress(event.target.parentElement ?? document));
})();
