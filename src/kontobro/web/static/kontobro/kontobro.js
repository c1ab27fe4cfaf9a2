// Small things that need a script. Without it every page still works.
(() => {
  const root = document.documentElement;

  document.getElementById("theme")?.addEventListener("click", () => {
    const dark = root.getAttribute("data-bs-theme") !== "dark";
    root.setAttribute("data-bs-theme", dark ? "dark" : "light");
    localStorage.setItem("theme", dark ? "dark" : "light");
    document.querySelectorAll("[data-chart]").forEach(draw);
  });

  // What can't be undone is asked once more.
  document.addEventListener("click", (event) => {
    const asked = event.target.closest("[data-confirm]");
    if (asked && !confirm(asked.dataset.confirm)) event.preventDefault();
  });

  // A chart: its ECharts option stands in the JSON script that data-chart names; a table beside it says the same.
  function draw(element) {
    if (typeof echarts === "undefined") return;
    const option = JSON.parse(document.getElementById(element.dataset.chart).textContent);
    echarts.getInstanceByDom(element)?.dispose();
    const dark = root.getAttribute("data-bs-theme") === "dark";
    const chart = echarts.init(element, dark ? "dark" : null, { renderer: "canvas" });
    chart.setOption({ backgroundColor: "transparent", aria: { enabled: true }, ...option });
    new ResizeObserver(() => chart.resize()).observe(element);
  }

  // A table that is wider than its place can be scrolled by the keyboard too.
  const reachable = () => document.querySelectorAll(".table-responsive").forEach((place) => {
    place.toggleAttribute("tabindex", false);
    if (place.scrollWidth > place.clientWidth) place.tabIndex = 0;
  });
  addEventListener("resize", reachable);
  addEventListener("DOMContentLoaded", () => { document.querySelectorAll("[data-chart]").forEach(draw); reachable(); });
  document.addEventListener("htmx:afterSettle", (event) => {
    event.target.querySelectorAll?.("[data-chart]").forEach(draw);
    reachable();
  });
})();
