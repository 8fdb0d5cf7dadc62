// Elements and nothing else: text is always set as text, so that no name in the data can become markup. Used by all files.

/** An element. Attributes that are functions listen, `data` fills the data set, true and false are kept or left out. */
function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (name === "data") Object.assign(element.dataset, value);
    else if (name === "text") element.textContent = value;
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child != null && child !== false));
  return element;
}

/** Text of the data may run from right to left: it must not turn what stands around it. */
const name = (text) => h("bdi", { text });

/** Calls `run` once, a while after the last call. */
function later(run, milliseconds) {
  let timer = 0;
  return (...args) => {
    clearTimeout(timer);
    timer = setTimeout(run, milliseconds, ...args);
  };
}

/** Names may be 300 characters long. */
const shortened = (text, length) => {
  const characters = [...text];
  return characters.length > length ? characters.slice(0, length - 1).join("").trimEnd() + "…" : text;
};
