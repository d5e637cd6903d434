"use strict";
// Inflates the embedded plotly bundle and draws the figures, one per frame so that the page stays responsive.
(async () => {
  const PRINTED_WIDTH = 660;
  const figures = [...document.querySelectorAll("figure[data-figure]")];
  const touch = matchMedia("(pointer: coarse)").matches;
  const config = {
    responsive: true,
    displaylogo: false,
    displayModeBar: touch ? false : "hover",
    modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d", "toggleSpikelines"],
  };

  async function inflate(base64) {
    const bytes = Uint8Array.from(atob(base64.trim()), (character) => character.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).text();
  }

  function draw(figure, variant) {
    const plot = figure.querySelector(".plot");
    const { data, layout, caption, alt } = structuredClone(specs[figure.dataset.figure][variant]);
    plot.setAttribute("aria-label", alt);
    figure.querySelector("figcaption").textContent = caption;
    plot.style.minHeight = "";
    if (innerWidth < 560) layout.font = { size: 11 };
    // On a touch screen a drag over a figure scrolls the page.
    if (touch) layout.dragmode = false;
    plot.querySelector(".undrawn")?.remove();
    return window.Plotly.react(plot, data, { ...layout, autosize: true }, config);
  }

  let source;
  let specs;
  try {
    specs = JSON.parse(await inflate(document.getElementById("specs").textContent));
    source = await inflate(document.getElementById("bundle").textContent);
  } catch {
    document.getElementById("no-figures").hidden = false;
    figures.forEach((figure) => {
      figure.querySelector(".plot").style.minHeight = "";
      figure.querySelector(".choice")?.setAttribute("hidden", "");
    });
    return;
  }
  const script = document.createElement("script");
  script.textContent = source;
  document.head.append(script);

  for (const figure of figures) {
    await draw(figure, 0);
    const select = figure.querySelector(".choice select");
    if (select) {
      select.value = "0";
      select.addEventListener("change", () => draw(figure, Number(select.value)));
    }
    await new Promise((resolve) => setTimeout(resolve));
  }
  addEventListener("beforeprint", () => {
    figures.forEach((figure) => window.Plotly.relayout(figure.querySelector(".plot"), { width: PRINTED_WIDTH }));
  });
  addEventListener("afterprint", () => {
    figures.forEach((figure) => window.Plotly.relayout(figure.querySelector(".plot"), { width: null, autosize: true }));
  });
  document.documentElement.dataset.drawn = "true";
})();
