"use strict";
// Sorting and filtering of the tables. A table of rows has all its rows in the page; the table of agents has its
// rows as data and shows one page of them.
(() => {
  const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

  // Undefined values come last in both directions.
  function compare(a, b, direction) {
    if (a === null || b === null) return (a === null) - (b === null);
    return direction * (typeof a === "number" ? a - b : collator.compare(a, b));
  }

  // As omnisim.report.text.number with five digits: no exponent, a real minus sign.
  function written(value) {
    if (value === null) return "–";
    return value.toLocaleString("en-US", { maximumFractionDigits: 20 }).replace("-", "−");
  }

  // A source has length, value(row, column), named(row, column's name), text(row) and show(order).
  function control(table, source, initial) {
    const headers = [...table.tHead.rows[0].cells];
    const filters = document.querySelector(`.filters[data-for="${table.id}"]`);
    let sort = initial;

    function refresh() {
      const wanted = {};
      filters.querySelectorAll("[data-filter]").forEach((field) => {
        wanted[field.dataset.filter] = field.value;
      });
      const chosen = Object.entries(wanted).filter(([name, value]) => name !== "text" && value);
      const words = (wanted.text || "").toLowerCase().split(/\s+/).filter(Boolean);
      const order = [];
      for (let row = 0; row < source.length; row += 1) {
        if (chosen.some(([name, value]) => source.named(row, name) !== value)) continue;
        if (words.length) {
          const text = source.text(row).toLowerCase();
          if (!words.every((word) => text.includes(word))) continue;
        }
        order.push(row);
      }
      if (sort) {
        const { column, direction } = sort;
        order.sort((a, b) => compare(source.value(a, column), source.value(b, column), direction) || a - b);
      }
      headers.forEach((header, column) => {
        const here = sort && sort.column === column;
        header.setAttribute("aria-sort", here ? (sort.direction > 0 ? "ascending" : "descending") : "none");
      });
      filters.querySelector("output").textContent =
        order.length === source.length
          ? `${source.length.toLocaleString("en-US")} rows`
          : `${order.length.toLocaleString("en-US")} of ${source.length.toLocaleString("en-US")} rows`;
      source.show(order);
    }

    headers.forEach((header, column) => {
      header.querySelector("button").addEventListener("click", () => {
        const first = header.classList.contains("n") ? -1 : 1;
        const again = sort && sort.column === column;
        sort = { column, direction: again ? -sort.direction : first };
        refresh();
      });
    });
    filters.addEventListener("input", refresh);
    filters.hidden = false;
    refresh();
  }

  function rowSource(table) {
    const body = table.tBodies[0];
    const rows = [...body.rows];
    const titles = [...table.tHead.rows[0].cells].map((cell) => cell.textContent.trim());
    return {
      length: rows.length,
      value(row, column) {
        const { dataset, textContent } = rows[row].cells[column];
        if (dataset.v === undefined) return textContent;
        return dataset.v === "" ? null : Number(dataset.v);
      },
      named: (row, title) => rows[row].cells[titles.indexOf(title)].textContent,
      text: (row) => rows[row].textContent,
      show: (order) => body.replaceChildren(...order.map((row) => rows[row])),
    };
  }

  function pageSource(table, stored) {
    const body = table.tBodies[0];
    const pager = document.querySelector(".pager");
    const names = stored.columns;
    const numeric = names.map((name) => !(name in stored.labels));
    let order = [];
    let start = 0;

    const value = (row, column) => {
      const raw = stored.data[names[column]][row];
      return numeric[column] ? raw : stored.labels[names[column]][raw];
    };
    const text = (row, column) => {
      if (!numeric[column]) return value(row, column);
      const suffixes = stored.suffixes[names[column]];
      return written(value(row, column)) + (suffixes ? suffixes[stored.data.population[row]] : "");
    };

    function draw() {
      const shown = order.slice(start, start + stored.page);
      body.replaceChildren(
        ...shown.map((row) => {
          const line = document.createElement("tr");
          names.forEach((name, column) => {
            const cell = line.insertCell();
            cell.textContent = text(row, column);
            if (numeric[column]) cell.className = "n";
          });
          return line;
        }),
      );
      const [back, forth] = pager.querySelectorAll("button");
      back.disabled = start === 0;
      forth.disabled = start + stored.page >= order.length;
      pager.hidden = order.length <= stored.page && start === 0;
      pager.querySelector("span").textContent = order.length
        ? `${(start + 1).toLocaleString("en-US")} to ${(start + shown.length).toLocaleString("en-US")} of ${order.length.toLocaleString("en-US")}`
        : "no rows";
    }

    pager.addEventListener("click", (event) => {
      const step = Number(event.target.dataset.step || 0);
      if (!step) return;
      start = Math.max(0, start + step * stored.page);
      draw();
    });
    return {
      length: stored.rows,
      value,
      named: (row, name) => value(row, names.indexOf(name)),
      text: (row) => names.map((name, column) => text(row, column)).join(" "),
      show(rows) {
        order = rows;
        start = 0;
        draw();
      },
    };
  }

  document.querySelectorAll("table[data-table]").forEach((table) => {
    if (table.dataset.table === "rows") {
      control(table, rowSource(table), null);
    } else {
      const stored = JSON.parse(document.getElementById("agents-data").textContent);
      control(table, pageSource(table, stored), { column: stored.columns.indexOf("gain"), direction: 1 });
    }
  });
})();
