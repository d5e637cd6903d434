"use strict";
// Sorting, filtering and saving of the tables. A table of rows has all its rows in the page; the table of agents has
// its rows as data and shows one page of them; a group of tables is sorted and filtered as one.
(() => {
  const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  const { condition, counted, plainly, save, slug, written } = omnisim.texts;

  // Undefined values come last in both directions.
  function compare(a, b, direction) {
    if (a === null || b === null) return (a === null) - (b === null);
    return direction * (typeof a === "number" ? a - b : collator.compare(a, b));
  }

  // A source has length, value(row, column), text(row, column), named(row, column's name) and show(order, filtered).
  function control(id, tables, source, initial) {
    const heads = tables.map((table) => [...table.tHead.rows[0].cells]);
    const titles = heads[0].map((cell) => cell.textContent.replace(/\u00ad/g, "").replace(/\s+/g, " ").trim());
    const names = titles.map(slug).map((name, column, all) => (all.indexOf(name) < column ? `${name}-${column}` : name));
    const numeric = heads[0].map((cell) => cell.classList.contains("n"));
    const filters = document.querySelector(`.filters[data-for="${id}"]`);
    const fields = [...filters.querySelectorAll("[data-filter]")];
    const output = filters.querySelector("output");
    const conditions = [];
    let sort = initial;
    let order = [];

    // In a group of tables the first one has the fields for all.
    function addConditions() {
      const line = document.createElement("tr");
      line.className = "conditions";
      line.id = `${id}-conditions`;
      line.hidden = true;
      titles.forEach((title, column) => {
        const input = document.createElement("input");
        input.type = "search";
        input.autocomplete = "off";
        input.spellcheck = false;
        input.placeholder = numeric[column] ? "> 0" : "text";
        input.setAttribute("aria-label", `Filter ${title}`);
        input.title = numeric[column]
          ? "> 100, <= -5, 10..20, = 3; several of them; – for what is undefined"
          : "rows whose cell holds this text";
        input.addEventListener("input", refresh);
        conditions.push(input);
        line.insertCell().append(input);
      });
      tables[0].tHead.append(line);
    }

    function remember() {
      fields.forEach((one) => omnisim.choose(`${id}.${one.dataset.filter}`, one.value));
      conditions.forEach((one, column) => omnisim.choose(`${id}.where-${names[column]}`, one.value.trim()));
      const same = sort && initial && sort.column === initial.column && sort.direction === initial.direction;
      omnisim.choose(`${id}.sort`, sort && !same ? (sort.direction < 0 ? "-" : "") + names[sort.column] : "");
    }

    function recall() {
      fields.forEach((one) => {
        const value = omnisim.chosen(`${id}.${one.dataset.filter}`) ?? "";
        one.value = value;
        // A name that this page does not have.
        if (one.value !== value) one.value = "";
      });
      conditions.forEach((one, column) => {
        one.value = omnisim.chosen(`${id}.where-${names[column]}`) ?? "";
      });
      if (conditions.some((one) => one.value)) expand(true);
      const wanted = omnisim.chosen(`${id}.sort`);
      const column = names.indexOf((wanted ?? "").replace(/^-/, ""));
      if (wanted && column >= 0) sort = { column, direction: wanted.startsWith("-") ? -1 : 1 };
    }

    function refresh() {
      const wanted = fields.filter((one) => one.dataset.filter !== "text" && one.value);
      const words = (fields.find((one) => one.dataset.filter === "text")?.value ?? "").toLowerCase().split(/\s+/);
      const said = words.filter(Boolean);
      const unclear = [];
      const tests = [];
      conditions.forEach((input, column) => {
        const text = input.value.trim();
        if (!text) {
          input.removeAttribute("aria-invalid");
          return;
        }
        if (!numeric[column]) {
          tests.push((row) => source.text(row, column).toLowerCase().includes(text.toLowerCase()));
          return;
        }
        const test = condition(text);
        if (test) {
          input.removeAttribute("aria-invalid");
          tests.push((row) => test(source.value(row, column)));
        } else {
          input.setAttribute("aria-invalid", "true");
          unclear.push(`“${text}” is not understood: > 100, <= -5 or 10..20`);
        }
      });
      order = [];
      for (let row = 0; row < source.length; row += 1) {
        if (wanted.some((one) => source.named(row, one.dataset.filter) !== one.value)) continue;
        if (!tests.every((test) => test(row))) continue;
        if (said.length) {
          const text = titles.map((_, column) => source.text(row, column)).join(" ").toLowerCase();
          if (!said.every((word) => text.includes(word))) continue;
        }
        order.push(row);
      }
      if (sort) {
        const { column, direction } = sort;
        order.sort((a, b) => compare(source.value(a, column), source.value(b, column), direction) || a - b);
      }
      heads.forEach((headers) =>
        headers.forEach((header, column) => {
          const here = sort && sort.column === column;
          header.setAttribute("aria-sort", here ? (sort.direction > 0 ? "ascending" : "descending") : "none");
        }),
      );
      const all = counted(source.length);
      output.textContent = [order.length === source.length ? all : `${order.length.toLocaleString("en-US")} of ${all}`]
        .concat(unclear)
        .join("; ");
      source.show(order, order.length < source.length);
      remember();
    }

    const toggle = filters.querySelector("[data-conditions]");
    function expand(open) {
      toggle.setAttribute("aria-expanded", String(open));
      tables[0].closest("details")?.toggleAttribute("open", open || tables[0].closest("details").open);
      document.getElementById(`${id}-conditions`).hidden = !open;
    }

    heads.forEach((headers, index) => {
      omnisim.roving(tables[index].tHead.rows[0], "button");
      headers.forEach((header, column) => {
        header.querySelector("button").addEventListener("click", () => {
          const again = sort && sort.column === column;
          sort = { column, direction: again ? -sort.direction : numeric[column] ? -1 : 1 };
          refresh();
        });
      });
    });
    addConditions();
    toggle.addEventListener("click", () => {
      const open = toggle.getAttribute("aria-expanded") !== "true";
      if (!open) conditions.forEach((one) => (one.value = ""));
      expand(open);
      if (open) conditions[0].focus();
      else refresh();
    });
    filters.querySelector("[data-save]").addEventListener("click", () => {
      const cells = (row) =>
        titles.map((_, column) => {
          const text = source.text(row, column);
          return numeric[column] ? plainly(text, source.value(row, column)) : text;
        });
      save(`${slug(document.querySelector("h1").textContent) || "omnisim"}-${id}.csv`, [titles, ...order.map(cells)]);
    });
    filters.addEventListener("input", refresh);
    filters.hidden = false;
    omnisim.roving(filters, "select, input, button");
    recall();
    refresh();
    omnisim.changed(() => {
      recall();
      refresh();
    });
  }

  function rowSource(tables) {
    const places = tables.flatMap((table) => [...table.tBodies[0].rows].map((row) => [row, table]));
    const rows = places.map(([row]) => row);
    const titles = [...tables[0].tHead.rows[0].cells].map((cell) => cell.textContent.trim());
    const text = (row, column) => rows[row].cells[column].textContent.trim();
    const folds = tables.map((table) => table.closest("details"));
    let unfolded = null;
    return {
      length: rows.length,
      value(row, column) {
        const { v } = rows[row].cells[column].dataset;
        if (v === undefined) return text(row, column);
        return v === "" ? null : Number(v);
      },
      text,
      named: (row, title) => text(row, titles.indexOf(title)),
      show(order, filtered) {
        tables.forEach((table, index) => {
          const own = order.map((row) => places[row]).filter(([, place]) => place === table);
          table.tBodies[0].replaceChildren(...own.map(([row]) => row));
          if (!folds[index]) return;
          folds[index].classList.toggle("empty", filtered && !own.length);
        });
        // What a filter finds is not left folded.
        if (folds[0] && filtered && !unfolded) unfolded = folds.map((fold) => fold.open);
        if (unfolded) folds.forEach((fold, index) => (fold.open = filtered ? true : unfolded[index]));
        if (!filtered) unfolded = null;
      },
    };
  }

  // Names may go on in another line after their parts.
  function breakable(name) {
    const parts = name.split(/(?<=[_=,/])(?=\S)|(?<=\S)(?=\()|(?<=[a-z])(?=[A-Z])/);
    return parts.flatMap((part, index) => (index ? [document.createElement("wbr"), part] : [part]));
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
            cell.append(...(numeric[column] ? [text(row, column)] : breakable(text(row, column))));
            if (numeric[column]) cell.className = "n";
            if (name === "agent") omnisim.offer?.(cell, value(row, names.indexOf("population")), value(row, column));
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
      text,
      named: (row, name) => value(row, names.indexOf(name)),
      show(rows) {
        order = rows;
        start = 0;
        draw();
      },
    };
  }

  document.querySelectorAll("[data-table]").forEach((element) => {
    if (element.dataset.table === "pages") {
      const stored = JSON.parse(document.getElementById("agents-data").textContent);
      const column = stored.columns.indexOf(stored.sorted.column);
      control(element.id, [element], pageSource(element, stored), { column, direction: stored.sorted.direction });
    } else {
      const tables = element.matches("table") ? [element] : [...element.querySelectorAll("table")];
      if (tables.length) control(element.id, tables, rowSource(tables), null);
    }
  });
  omnisim.scroll();
})();
