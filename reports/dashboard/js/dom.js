// Elements and nothing else: text is always set as text, so that no name in the data can become markup. Used by all files.

/** @typedef {string | number | boolean | null | undefined | ((event: any) => void) | Record<string, string | number>} Attribute */
/** @typedef {Node | string | null | undefined | false} Child */

/**
 * An element. Attributes that are functions listen, `data` fills the data set, true and false are kept or left out.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, Attribute>} attributes
 * @param {...(Child | Child[])} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (name === "data") Object.assign(element.dataset, value);
    else if (name === "text") element.textContent = value == null ? null : String(value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, String(value));
  }
  element.append(...children.flat().filter((child) => child != null && child !== false));
  return element;
}

/**
 * Text of the data may run from right to left: it must not turn what stands around it.
 * @param {string} text
 */
export const name = (text) => h("bdi", { text });

/**
 * Calls `run` once, a while after the last call.
 * @param {() => void} run
 * @param {number} milliseconds
 */
export function later(run, milliseconds) {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(run, milliseconds);
  };
}

/**
 * The element of the page's template with this id.
 * @param {string} id
 */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no element #${id}`);
  return element;
}
