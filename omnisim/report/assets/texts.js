"use strict";
// How the tables read and write numbers and texts: conditions on numbers, and files for spreadsheets.
omnisim.texts = (() => {
  const MISSING = "–";

  // As omnisim.report.text.number with five digits: no exponent, a real minus sign.
  function written(value) {
    if (value === null) return MISSING;
    return value.toLocaleString("en-US", { maximumFractionDigits: 20 }).replace("-", "−");
  }

  const counted = (rows) => `${rows.toLocaleString("en-US")} ${rows === 1 ? "row" : "rows"}`;

  // The name of a column in the address.
  const slug = (text) =>
    text
      .toLowerCase()
      .replace(/[^\p{L}\p{N}+%]+/gu, "-")
      .replace(/^-|-$/g, "");

  // A condition on a number, as a test of it: > 100, <= -5, 10..20, 12.3, several of them, or – for what is undefined;
  // null where it is not understood.
  function condition(text) {
    const plain = text
      .replace(/−/g, "-")
      .replace(/≤/g, "<=")
      .replace(/≥/g, ">=")
      .replace(/(\d),(?=\d{3}(?!\d))/g, "$1")
      .replace(/(>=|<=|!=|[><=])\s+/g, "$1")
      .replace(/\s*\.\.\s*/g, "..");
    const NUMBER = "([+-]?(?:\\d+(?:\\.\\d+)?|\\.\\d+))";
    const range = new RegExp(`^${NUMBER}\\.\\.${NUMBER}$`);
    const bound = new RegExp(`^(>=|<=|!=|[><=])?${NUMBER}$`);
    const tests = plain.split(/[\s;&]+/).filter(Boolean).map((term) => {
      if (term === MISSING) return (value) => value === null;
      let found = range.exec(term);
      if (found) {
        const [low, high] = [Number(found[1]), Number(found[2])].sort((a, b) => a - b);
        return (value) => value !== null && value >= low && value <= high;
      }
      found = bound.exec(term);
      if (!found) return null;
      const limit = Number(found[2]);
      // A number alone means all that rounds to it.
      const digits = /\.(\d+)/.exec(found[2])?.[1].length ?? 0;
      const equal = (value) => Math.abs(value - limit) <= 0.5 * 10 ** -digits;
      const test = {
        ">": (value) => value > limit,
        ">=": (value) => value >= limit,
        "<": (value) => value < limit,
        "<=": (value) => value <= limit,
        "!=": (value) => !equal(value),
        "=": equal,
      }[found[1] ?? "="];
      return (value) => value !== null && test(value);
    });
    return tests.length && tests.every(Boolean) ? (value) => tests.every((test) => test(value)) : null;
  }

  // A field of a CSV file. Spreadsheets run texts that begin like a formula: those are marked as text.
  function field(value) {
    if (value === null) return "";
    if (typeof value === "number") return String(value);
    const safe = /^[\t\r\n]|^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]/.test(value) ? `'${value}` : value;
    return /[",;\t\r\n]|^\s|\s$/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
  }

  function save(name, lines) {
    // The mark at the beginning tells spreadsheets that the text is UTF-8.
    const file = new Blob([`\ufeff${lines.map((line) => line.map(field).join(",")).join("\r\n")}\r\n`], {
      type: "text/csv;charset=utf-8",
    });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(file);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }

  // The number that a cell is about, where its text is that number with a unit or none; or its text.
  const plainly = (text, value) => (/^[+−-]?[\d.,]+(?:\s\D*)?$/.test(text) ? value : text === MISSING ? null : text);

  return { condition, counted, plainly, save, slug, written };
})();
