// What the charts have in common. Used by the charts.

/**
 * A colour of the page by its role: light, dark and paper differ.
 * @param {string} role
 */
export const INK = (role) => `var(--chart-${role})`;
export const STYLE = { fontFamily: "inherit", fontSize: "13px", overflow: "visible", color: INK("fg") };
/** Height of a bar with the space around it, pixels. */
export const ROW = 26;
