// Before anything is drawn: the theme that the reader chose here, else the system's.
(() => {
  const kept = localStorage.getItem("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const show = (dark) => document.documentElement.setAttribute("data-bs-theme", dark ? "dark" : "light");
  show(kept ? kept === "dark" : system.matches);
  if (!kept) system.addEventListener("change", (event) => show(event.matches));
})();
