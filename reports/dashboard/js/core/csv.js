// Rows → CSV that spreadsheets open without running anything. Pure.

// What spreadsheets take for the start of a formula becomes text by an apostrophe, as in the tables of a run: the rule stands in
// src/pipeline/export/spreadsheet.rs.
const FORMULA = /^'*[=+\-@＝＋－＠]/;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/**
 * Numbers that are not finite leave their cell empty.
 * @param {unknown} value
 */
export function csvCell(value) {
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : "";
  const whole = String(value);
  const text = whole
    .split(/([;\t\n\r])/)
    .map((piece, i) => ((FORMULA.test(piece) && !NUMBER.test(piece)) || (i === 0 && /^'*[\t\n\r]/.test(whole)) ? `'${piece}` : piece))
    .join("");
  return /[",;\t\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** @param {unknown[][]} rows */
export const csv = (rows) => rows.map((row) => row.map(csvCell).join(",") + "\r\n").join("");
