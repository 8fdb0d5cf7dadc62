// The JSON of the page → its dictionaries and its cube. Next: state.js, the charts

import { cubeOf } from "./core/cube.js";

/** @import { PageData } from "./core/cube.js" */

/** @type {PageData} */
export const DATA = JSON.parse(document.getElementById("data")?.textContent ?? "");
export const CUBE = cubeOf(DATA);

export const CATEGORIES = DATA.categories;
export const STATES = DATA.states;
export const METHODS = DATA.methods;
export const REGIONS = DATA.regions;
export const CITIES = DATA.cities;
export const SIZES = CUBE.sizes;
export const YEARS = CUBE.years;
export const { sales, salesByCategory, salesByCity, payments, salesCells } = CUBE;
/** Whether there are several states or regions to compare. */
export const REGIONAL = STATES.keys.filter((key) => key !== "unknown").length > 1;
/** Whether it is known how orders were paid. */
export const PAID = DATA.payments.key.length > 0;
/** Whether the states belong to parts of the country, from which the territory goes down to its cities. */
export const IN_PARTS = REGIONS.keys.some((key) => key !== "unknown");
