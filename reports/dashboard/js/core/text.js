// Text → shorter text, lines, and a form for searching. Pure.

/**
 * Names may be 300 characters long.
 * @param {string} text
 * @param {number} length
 */
export const shortened = (text, length) => {
  const characters = [...text];
  return characters.length > length ? characters.slice(0, length - 1).join("").trimEnd() + "…" : text;
};

/**
 * Lines of at most `length` characters.
 * @param {string} text
 * @param {number} length
 */
export function wrapped(text, length) {
  const lines = [""];
  for (const word of text.split(" ")) {
    const last = lines[lines.length - 1];
    if (last && last.length + word.length >= length) lines.push("");
    lines[lines.length - 1] += (lines.at(-1) ? " " : "") + word;
  }
  return lines;
}

/**
 * Without accents and capitals, for searching.
 * @param {string} text
 */
export const plainText = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
