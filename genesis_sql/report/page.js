"use strict";
(() => {
  const all = (what, inside) => [...(inside || document).querySelectorAll(what)];

  // Tables are sorted by a click on a heading; an empty cell comes last.
  const value = (row, at) => {
    const cell = row.cells[at];
    if (!cell) return "";
    const text = cell.dataset.v || cell.textContent.trim();
    const plain = text.replace(/,/g, "").replace("−", "-").replace(/^< /, "").replace(/ %$/, "");
    return cell.classList.contains("n") && plain !== "" && !isNaN(plain) ? Number(plain) : text;
  };
  const order = (a, b) =>
    typeof a === typeof b ? (typeof a === "number" ? a - b : a.localeCompare(b)) : typeof a === "number" ? -1 : 1;
  for (const head of all("thead th")) {
    if (!head.textContent) continue;
    const button = document.createElement("button");
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const body = head.closest("table").tBodies[0];
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of all("th", head.parentNode)) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const rows = [...body.rows].map((row) => [value(row, head.cellIndex), row]);
      rows.sort(([a], [b]) => (down ? order(b, a) : order(a, b)));
      body.append(...rows.map(([, row]) => row));
    });
  }

  // Search by the name of a table or column: what does not match is hidden, what does is opened.
  const search = document.getElementById("search");
  const input = document.getElementById("find");
  const found = document.getElementById("found");
  const names = (item) => all(".name", item).map((n) => n.textContent).join(" ").toLowerCase();
  const tables = all("details.table");
  const items = all("figure.card, section tbody tr, header tbody tr")
    .map((item) => [item, names(item), item.closest("details.table")])
    .filter(([, own]) => own !== "");
  const titles = new Map(tables.map((t) => [t, names(t.querySelector("summary"))]));
  const before = new Map(tables.map((t) => [t, t.open]));
  let searching = false;
  const apply = () => {
    const asked = input.value.trim().toLowerCase();
    if (!searching && asked) for (const t of tables) before.set(t, t.open);
    searching = asked !== "";
    const hit = new Set();
    let count = 0;
    for (const [item, own, table] of items) {
      const whole = table && titles.get(table).includes(asked);
      item.hidden = searching && !whole && !own.includes(asked);
      if (!item.hidden) {
        count += 1;
        hit.add(table);
      }
    }
    for (const t of tables) {
      t.hidden = searching && !hit.has(t) && !titles.get(t).includes(asked);
      t.open = searching ? !t.hidden : before.get(t);
    }
    found.textContent = searching ? `${count} found` : "";
  };
  let waiting = 0;
  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(apply, 80);
  });
  search.hidden = false;

  // On paper nothing can be opened: tables are, what was folded inside them is left out.
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = tables.filter((t) => !t.open);
    for (const t of folded) t.open = true;
  });
  addEventListener("afterprint", () => {
    for (const t of folded) t.open = false;
  });
})();
