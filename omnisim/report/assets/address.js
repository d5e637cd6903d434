"use strict";
// What the other scripts share: what is chosen on the page is kept in the address, after the name of a section, as in
// #agents?agents-table.population=buyers; and groups of controls that are one stop for the Tab key.
window.omnisim = (() => {
  const chosen = new URLSearchParams();
  const listeners = [];

  const parts = () => {
    const [anchor, ...rest] = location.hash.slice(1).split("?");
    return [anchor, rest.join("?")];
  };

  // Links of the page that name a section only keep what is chosen.
  function read() {
    for (const [key, value] of new URLSearchParams(parts()[1])) chosen.set(key, value);
  }

  function write(anchor = parts()[0]) {
    const query = chosen.toString();
    const hash = anchor || query ? `#${anchor}${query && "?"}${query}` : "";
    if (hash === location.hash) return;
    try {
      history.replaceState(null, "", hash || location.pathname + location.search);
    } catch {
      // Pages in a frame without an address of their own cannot keep one.
    }
  }

  // Browsers refuse to change the address with every key that is pressed.
  let waiting = 0;
  function writeSoon() {
    clearTimeout(waiting);
    waiting = setTimeout(write, 200);
  }

  function scroll() {
    const [anchor, query] = parts();
    if (query) document.getElementById(decodeURIComponent(anchor))?.scrollIntoView();
  }

  read();
  addEventListener("hashchange", () => {
    read();
    listeners.forEach((listener) => listener());
    scroll();
    write();
  });

  // One stop for the Tab key; the arrow keys move between the controls.
  function roving(group, selector) {
    const controls = () => [...group.querySelectorAll(selector)].filter((control) => control.offsetParent !== null);
    const first = (control) => {
      group.querySelectorAll(selector).forEach((other) => other.setAttribute("tabindex", "-1"));
      control?.setAttribute("tabindex", "0");
    };
    first(group.querySelector(selector));
    group.addEventListener("focusin", (event) => {
      const control = event.target.closest(selector);
      if (control) first(control);
    });
    group.addEventListener("keydown", (event) => {
      const control = event.target.closest(selector);
      if (!control || event.altKey || event.ctrlKey || event.metaKey) return;
      const all = controls();
      const here = all.indexOf(control);
      const places = { ArrowLeft: here - 1, ArrowRight: here + 1, Home: 0, End: all.length - 1 };
      if (!(event.key in places)) return;
      // In a text the keys move the caret, until it is at the end.
      if (control.matches("input")) {
        if (event.key === "Home" || event.key === "End") return;
        const end = event.key === "ArrowLeft" ? 0 : control.value.length;
        const caret = control.type === "number" ? end : control.selectionStart;
        if (caret !== end || (control.type !== "number" && control.selectionEnd !== end)) return;
      }
      event.preventDefault();
      all[Math.min(Math.max(places[event.key], 0), all.length - 1)].focus();
    });
  }

  // A link to a section: its address, with what is chosen, goes to the clipboard where the browser lets it.
  document.addEventListener("click", async (event) => {
    const link = event.target.closest("a.anchor");
    if (!link) return;
    event.preventDefault();
    write(link.getAttribute("href").slice(1));
    link.scrollIntoView();
    try {
      await navigator.clipboard.writeText(location.href);
      link.dataset.copied = "true";
      setTimeout(() => delete link.dataset.copied, 1500);
    } catch {
      // The address bar has it.
    }
  });

  document.querySelectorAll("[data-roving]").forEach((group) => roving(group, group.dataset.roving));

  // What waits for plotly: functions that draw, once there is something to draw with.
  const painters = [];
  const unable = [];

  return {
    whenDrawable(draw, otherwise) {
      painters.push(draw);
      unable.push(otherwise);
    },
    async drawable(tools) {
      for (const draw of painters) await draw(tools);
    },
    undrawable: () => unable.forEach((otherwise) => otherwise()),
    chosen: (key) => chosen.get(key),
    choose(key, value) {
      if (value) chosen.set(key, value);
      else chosen.delete(key);
      writeSoon();
    },
    changed: (listener) => listeners.push(listener),
    roving,
    scroll,
  };
})();
