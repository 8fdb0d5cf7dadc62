// Marks that know what they stand for: tooltips, click to filter, hover to highlight everywhere. Used by the charts.
//
// A mark carries `data-key`, such as "state:3"; its tooltip is kept beside it.

import { shortened } from "./core/text.js";
import { h } from "./dom.js";
import { filterOf, only, redo, statesOf, toggle, undo } from "./state.js";

/** @typedef {() => string[]} Tip the lines of a tooltip, the first being the title: a function, for few are ever read */

/** @type {WeakMap<Element, Tip>} */
const TIPS = new WeakMap();

/**
 * Gives an element its key and its tooltip.
 * @template {HTMLElement | SVGElement} E
 * @param {E} element
 * @param {string | null | undefined} key
 * @param {Tip} lines
 */
export function mark(element, key, lines) {
  if (key) element.dataset.key = key;
  TIPS.set(element, lines);
  return element;
}

/**
 * Gives the marks of a Plot chart their keys and tooltips; Plot binds to each element the position of its datum.
 * @param {SVGElement | HTMLElement} svg
 * @param {string} selector
 * @param {{ key?: string | null, tip: Tip }[]} data
 */
export function markAll(svg, selector, data) {
  for (const element of /** @type {NodeListOf<SVGElement & { __data__: number }>} */ (svg.querySelectorAll(selector))) {
    const datum = data[element.__data__];
    if (datum) mark(element, datum.key, datum.tip);
  }
  return svg;
}

/**
 * What a click on a key does.
 * @param {string} key
 * @param {boolean} adding
 */
function follow(key, adding) {
  const [kind, ...values] = key.split(":");
  const filter = filterOf(kind);
  if (kind === "region") return only("states", statesOf(Number(values[0])));
  if (filter) (adding ? toggle : only)(filter, values.map(Number));
}

const tooltip = h("div", { class: "tip", role: "tooltip", hidden: true });
/**
 * The key that is highlighted.
 * @type {string | null}
 */
let hot = null;

/** @param {string | null} key */
function highlight(key) {
  if (key === hot) return;
  for (const element of document.querySelectorAll(".hot")) element.classList.remove("hot");
  hot = key;
  if (key) for (const element of document.querySelectorAll(`[data-key="${CSS.escape(key)}"]`)) element.classList.add("hot");
}

/** Highlights once more what is pointed at, after some of its marks were drawn anew. */
export function highlightAgain() {
  const applied = hot;
  hot = null;
  highlight(applied);
}

/**
 * The element that an event is about, or the nearest around it, that fits.
 * @param {Event} event
 * @param {string} selector
 * @returns {HTMLElement | SVGElement | null}
 */
const around = ({ target }, selector) => (target instanceof Element ? target.closest(selector) : null);

/** @param {Event} event */
function point(event) {
  const element = around(event, "[data-key], [data-tip]");
  highlight(element?.dataset.key ?? null);
  const lines = element && TIPS.get(element)?.();
  if (!lines) return void (tooltip.hidden = true);
  const [title, ...rest] = lines;
  tooltip.replaceChildren(h("strong", { dir: "auto", text: shortened(title, 80) }), ...rest.map((text) => h("span", { text })));
  tooltip.hidden = false;
  const box = element.getBoundingClientRect();
  const [x, y] = event instanceof MouseEvent ? [event.clientX, event.clientY] : [box.left + box.width / 2, box.bottom];
  const left = Math.max(8, Math.min(x + 14, innerWidth - tooltip.offsetWidth - 8));
  const below = y + 18 + tooltip.offsetHeight < innerHeight;
  tooltip.style.left = `${left}px`;
  tooltip.style.top = `${below ? y + 18 : Math.max(8, y - tooltip.offsetHeight - 12)}px`;
}

export function listenToMarks() {
  document.body.append(tooltip);
  document.addEventListener("pointermove", point);
  document.addEventListener("focusin", point);
  document.addEventListener("scroll", () => (tooltip.hidden = true), { passive: true });
  document.addEventListener("click", (event) => {
    const element = around(event, "[data-key]");
    if (!element?.dataset.key || element.matches("input, label, label *")) return;
    tooltip.hidden = true;
    follow(element.dataset.key, "adding" in element.dataset || event.ctrlKey || event.metaKey || event.shiftKey);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") tooltip.hidden = true;
    const writing = event.target instanceof Element && event.target.matches('input[type="search"]');
    if ((event.ctrlKey || event.metaKey) && !writing && event.key.toLowerCase() === "z") {
      event.preventDefault();
      if (event.shiftKey) redo();
      else undo();
    } else if ((event.ctrlKey || event.metaKey) && !writing && event.key.toLowerCase() === "y") {
      event.preventDefault();
      redo();
    }
  });
}
