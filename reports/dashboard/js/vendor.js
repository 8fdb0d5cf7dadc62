// The libraries of ../vendor, which stand before the bundle in the page's script and name themselves. Used by the charts.

const page = /** @type {typeof globalThis & { d3: typeof import("d3"), Plot: typeof import("@observablehq/plot") }} */ (globalThis);

export const { d3, Plot } = page;
