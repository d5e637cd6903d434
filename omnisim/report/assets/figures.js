"use strict";
// Inflates the embedded plotly bundle and draws the figures, one per frame so that the page stays responsive: in the
// colours that the reader prefers, and with titles and legends that fit the width there is.
(async () => {
  const PRINTED_WIDTH = 660;
  const SMALLEST = 6.5; // pixels of a number that can still be read
  const SMALL = 9; // pixels of a number below which a map of few rows is turned
  const ROW = 28; // height of a row of a map that is turned
  const CHARACTER = 0.68; // width of a character, of its size; a sign is wider than a digit
  const LABELS = 100; // width of the names beside a map
  const NARROW = 560;
  const figures = [...document.querySelectorAll("figure[data-figure]")];
  const touch = matchMedia("(pointer: coarse)").matches;
  const prefersDark = matchMedia("(prefers-color-scheme: dark)");
  const config = {
    // Redrawn below when the width changes, with titles that fit it.
    responsive: false,
    displaylogo: false,
    displayModeBar: touch ? false : "hover",
    // These and no others: plotly's own choice has buttons that send the figure to a server.
    modeBarButtons: [["zoom2d", "pan2d", "resetScale2d", "toImage"]],
    plotlyServerURL: "",
    showTips: false,
  };

  async function inflate(base64) {
    const bytes = Uint8Array.from(atob(base64.trim()), (character) => character.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).arrayBuffer();
  }
  const inflated = async (id) => new TextDecoder().decode(await inflate(document.getElementById(id).textContent));

  const specs = {};
  const dark = {};
  let margins = 0;
  const shown = new Map();
  let printing = false;

  // Colours of a dark page, in everything that is a colour and nothing that is a reader's text.
  function recoloured(value, key = "", inside = false) {
    if (typeof value === "string") {
      if (inside || /colou?r$/i.test(key)) return darkened(value);
      return value.replace(/<span style="color:(#[0-9a-f]{6})">/g, (_, colour) => `<span style="color:${darkened(colour)}">`);
    }
    if (Array.isArray(value)) {
      const colours = /colou?r(scale|way)?$/i.test(key) || inside;
      return value.map((each) => recoloured(each, key, colours));
    }
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, recoloured(each, name)]));
    }
    return value;
  }

  function darkened(colour) {
    const plain = dark[colour.toLowerCase()];
    if (plain) return plain;
    const found = /^rgba\((\d+), ?(\d+), ?(\d+), ?([\d.]+)\)$/.exec(colour);
    if (!found) return colour;
    const hex = `#${found.slice(1, 4).map((part) => Number(part).toString(16).padStart(2, "0")).join("")}`;
    const base = dark[hex];
    if (!base) return colour;
    const parts = [1, 3, 5].map((start) => parseInt(base.slice(start, start + 2), 16));
    return `rgba(${parts.join(",")},${found[4]})`;
  }

  // A title in as many lines as it needs.
  function wrapped(text, characters) {
    const words = text.replace(/<br>/g, " ").split(" ");
    const lines = [words.shift()];
    for (const word of words) {
      const line = `${lines.at(-1)} ${word}`;
      if (line.replace(/<[^>]*>/g, "").length <= characters) lines[lines.length - 1] = line;
      else lines.push(word);
    }
    return lines.join("<br>");
  }

  const lines = (text) => (text ?? "").split("<br>").length;

  // Changes the layout so that titles and legend are whole; false where they were. Panels keep their heights: what
  // titles and legend take is added to the figure.
  function fit(layout, size, height) {
    const PER_CHARACTER = 6.1;
    const LINE = 15;
    let changed = false;
    const axes = Object.keys(layout).filter((name) => /^[xy]axis\d*$/.test(name));
    const shares = Object.fromEntries(
      axes.map((name) => [name, (layout[name].domain?.[1] ?? 1) - (layout[name].domain?.[0] ?? 0)]),
    );
    for (const name of axes) {
      const title = layout[name].title;
      if (!title?.text) continue;
      const room = (name[0] === "x" ? size.w * shares[name] : Math.max(size.h * shares[name], 90)) + 10;
      const text = wrapped(title.text, Math.max(10, Math.floor(room / PER_CHARACTER)));
      if (text === title.text) continue;
      title.text = text;
      changed = true;
    }
    // Room below each panel whose title takes more than one line, but the last, whose margin grows by itself.
    const panels = axes
      .filter((name) => name[0] === "y" && layout[name].domain)
      .sort((a, b) => layout[b].domain[1] - layout[a].domain[1]);
    const inner = height - margins;
    let added = 0;
    const places = panels.map((name, index) => {
      const [low, high] = layout[name].domain.map((end) => (1 - end) * inner);
      const place = [high + added, low + added];
      const below = layout[`xaxis${name.slice(5)}`]?.title?.text;
      if (index < panels.length - 1) added += (lines(below) - 1) * LINE;
      return place;
    });
    if (added) {
      panels.forEach((name, index) => {
        layout[name].domain = places[index].map((end) => 1 - end / (inner + added)).reverse();
      });
    }
    const pushed = Math.max(0, Math.round(size.t + size.b) - margins);
    const total = height + added + pushed;
    if (total > layout.height + 5) {
      layout.height = total;
      changed = true;
    }
    return changed;
  }

  // A map of many columns and few rows, such as months and populations, is turned where its numbers would be too small.
  function turn(data, layout, width) {
    const [map] = data;
    if (data.length !== 1 || map.type !== "heatmap" || !Array.isArray(map.text?.[0])) return;
    const [rows, columns] = [map.z.length, map.z[0].length];
    if (rows >= columns || (0.95 * (width - LABELS)) / columns / (CHARACTER * longestOf(map)) >= SMALL) return;
    const turned = (values) => values[0].map((_, column) => values.map((row) => row[column]));
    for (const key of ["z", "text", "customdata"]) if (map[key]) map[key] = turned(map[key]);
    [map.x, map.y] = [map.y, map.x];
    const { xaxis, yaxis } = layout;
    for (const key of ["tickvals", "ticktext", "title"]) [xaxis[key], yaxis[key]] = [yaxis[key], xaxis[key]];
    const [low, high] = yaxis.domain ?? [0, 1];
    const inner = layout.height - margins;
    const above = inner * (1 - high + low);
    layout.height = margins + above + ROW * columns;
    yaxis.domain = [0, (ROW * columns) / (above + ROW * columns)];
  }

  const longestOf = (map) =>
    Math.max(1, ...map.text.flat().map((each) => String(each).replace(/<[^>]*>/g, "").length));

  // Numbers in the cells of a map become smaller where columns are narrow, and are left out where none could be read.
  function fitCells(data, layout) {
    let changed = false;
    for (const trace of data) {
      if (trace.type !== "heatmap" || !Array.isArray(trace.text?.[0])) continue;
      const axis = layout[`xaxis${(trace.xaxis ?? "x").slice(1)}`];
      const size = (0.95 * axis._length) / trace.text[0].length / (CHARACTER * longestOf(trace));
      if (size >= trace.textfont.size) continue;
      if (size >= SMALLEST) trace.textfont = { ...trace.textfont, size };
      else trace.texttemplate = "";
      changed = true;
    }
    return changed;
  }

  async function draw(plot, spec) {
    shown.set(plot, spec);
    const night = prefersDark.matches && !printing;
    const { data, layout } = structuredClone({ data: spec.data, layout: spec.layout });
    const themed = night ? recoloured({ data, layout }) : { data, layout };
    const width = printing ? PRINTED_WIDTH : plot.clientWidth || plot.parentElement.clientWidth;
    Object.assign(themed.layout, {
      width,
      autosize: false,
      uirevision: spec.name ?? "same",
      paper_bgcolor: night ? dark["#ffffff"] : "#ffffff",
      modebar: { bgcolor: "rgba(0,0,0,0)", color: night ? "#8895a3" : "#6b7783", activecolor: night ? "#ffffff" : "#1d2733" },
    });
    themed.layout.legend = { ...themed.layout.legend, maxheight: 4000 };
    if (width < NARROW) {
      themed.layout.font = { ...themed.layout.font, size: 11 };
      turn(themed.data, themed.layout, width);
    }
    // On a touch screen a drag over a figure scrolls the page.
    if (touch) themed.layout.dragmode = false;
    plot.setAttribute("aria-label", spec.alt);
    plot.style.minHeight = "";
    plot.querySelector(".undrawn")?.remove();
    const options = { ...config, toImageButtonOptions: { filename: spec.file ?? "figure", scale: 2 } };
    const height = themed.layout.height;
    await window.Plotly.react(plot, themed.data, themed.layout, options);
    for (let again = 0; again < 2 && fit(themed.layout, plot._fullLayout._size, height); again += 1) {
      await window.Plotly.react(plot, themed.data, { ...themed.layout }, options);
    }
    if (fitCells(themed.data, plot._fullLayout)) {
      await window.Plotly.react(plot, [...themed.data], { ...themed.layout }, options);
    }
    // The figure is told in its text; its buttons act on what a mouse does and are no stops of the Tab key.
    plot.querySelectorAll("svg.main-svg").forEach((svg) => svg.setAttribute("aria-hidden", "true"));
    plot.querySelectorAll(".modebar-btn").forEach((button) => button.setAttribute("tabindex", "-1"));
  }

  const redraw = async () => {
    for (const [plot, spec] of shown) await draw(plot, spec);
  };

  function show(figure, variant) {
    const spec = specs[figure.dataset.figure][variant];
    figure.querySelector("figcaption").textContent = spec.caption;
    return draw(figure.querySelector(".plot"), { ...spec, file: figure.dataset.figure });
  }

  let source;
  try {
    const stored = JSON.parse(await inflated("specs"));
    Object.assign(specs, stored.figures);
    Object.assign(dark, stored.dark);
    margins = stored.margins;
    source = await inflated("bundle");
  } catch {
    document.getElementById("no-figures").hidden = false;
    figures.forEach((figure) => {
      figure.querySelector(".plot").style.minHeight = "";
      figure.querySelector(".choice")?.setAttribute("hidden", "");
    });
    omnisim.undrawable();
    return;
  }
  const script = document.createElement("script");
  script.textContent = source;
  document.head.append(script);
  // Plotly warns where tick labels and margins, which depend on each other, do not settle in a few rounds.
  window.Plotly.setPlotConfig({ logging: 0 });

  for (const figure of figures) {
    await show(figure, 0);
    const select = figure.querySelector(".choice select");
    if (select) {
      select.value = "0";
      select.addEventListener("change", () => show(figure, Number(select.value)));
    }
    await new Promise((resolve) => setTimeout(resolve));
  }
  await omnisim.drawable({ draw, inflate, specs });

  let timer = 0;
  let width = innerWidth;
  addEventListener("resize", () => {
    // Telephones change the height when the address bar goes.
    if (innerWidth === width) return;
    width = innerWidth;
    clearTimeout(timer);
    timer = setTimeout(redraw, 150);
  });
  prefersDark.addEventListener("change", redraw);
  const unfolded = [];
  addEventListener("beforeprint", () => {
    printing = true;
    redraw();
    document.querySelectorAll("main details:not([open])").forEach((fold) => {
      fold.open = true;
      unfolded.push(fold);
    });
  });
  addEventListener("afterprint", () => {
    printing = false;
    redraw();
    unfolded.splice(0).forEach((fold) => (fold.open = false));
  });
  document.documentElement.dataset.drawn = "true";
})();
