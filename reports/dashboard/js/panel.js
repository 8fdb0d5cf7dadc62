// A panel: a title that says what is seen, a chart, its key, the table behind it, and its exports. Next: main.js.
//
// A chart is a function of the width in pixels. It gives { title, svg, but, key, note, columns, rows }: `svg` is null where
// there is nothing to show, `but` names the filter that the chart answers by emphasis and not by leaving out, `rows` are
// { key, cells } with numbers as numbers; `columns` say how to write them.

const PANELS = [];

function panel(id, chart, { tools = [] } = {}) {
  const title = h("h2", { id: `${id}-title` });
  const where = h("p", { class: "scope" });
  const key = h("ul", { class: "key", "aria-label": t("key") });
  const body = h("div", { class: "chart" });
  const note = h("p", { class: "note" });
  const behind = h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": t("pair", { label: t("table"), value: t(`panel_${id}`) }) });
  const details = h("details", { class: "behind" }, h("summary", { text: t("table") }), behind);
  const exports = h("div", { class: "exports", role: "group", "aria-label": t("export_chart") });
  const element = h(
    "section",
    { class: "panel", id, "aria-labelledby": `${id}-title` },
    h("div", { class: "head" }, h("div", {}, title, where), h("div", { class: "tools" }, ...tools, exports)),
    key,
    body,
    note,
    details,
  );
  const self = { id, element, body, width: 0, last: null };
  for (const [kind, save] of [["SVG", saveSvg], ["PNG", savePng], ["CSV", saveTable]]) {
    exports.append(
      h("button", { type: "button", "aria-label": t("save_as", { kind, id: t(`panel_${id}`) }), text: kind, click: () => save(self) }),
    );
  }
  details.addEventListener("toggle", () => details.open && fill());
  const fill = () => self.last && behind.replaceChildren(dataTable(self.last));
  self.draw = () => {
    const out = chart(self.width || 560);
    self.last = out;
    if (!out.svg) out.title = capital(t(`panel_${id}`));
    title.textContent = out.title;
    where.textContent = scope(out.but);
    const nothing = !out.svg;
    if (nothing) body.replaceChildren(noData());
    else if (body.firstChild !== out.svg || body.childNodes.length > 1) body.replaceChildren(out.svg);
    if (!nothing) describe(out.svg instanceof SVGElement ? out.svg : out.svg.querySelector("svg"), `${out.title}. ${where.textContent}.`);
    key.replaceChildren(...(nothing ? [] : (out.key ?? []).map(keyItem)));
    key.hidden = nothing || !out.key?.length;
    note.textContent = out.note ?? "";
    note.hidden = !out.note;
    exports.hidden = nothing;
    details.hidden = nothing;
    if (details.open) fill();
  };
  PANELS.push(self);
  return self;
}

/** A drawing is one image to those who do not see it; the table behind it holds the numbers. */
function describe(svg, text) {
  for (const part of svg.querySelectorAll("[aria-label]")) part.removeAttribute("aria-label");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", text);
}

function noData() {
  const clear = h("button", { type: "button", class: "plain", text: t("reset"), click: reset });
  return h("div", { class: "nothing" }, h("p", { text: t("no_data") }), chips().length > 0 && clear);
}

/** A part of a key: a swatch or shape and what it means. */
const keyItem = ({ text, colour, path }) => {
  const shape = path
    ? `<svg width="14" height="14" viewBox="-8 -8 16 16" aria-hidden="true"><path d="${path}"/></svg>`
    : "";
  const swatch = h("span", { class: path ? "shape" : "swatch", style: path ? null : `background:${colour}` });
  if (path) swatch.innerHTML = shape;
  return h("li", {}, swatch, h("span", { text }));
};

/** The table behind a chart. Where a row stands for something to filter on, its name is a button that does so. */
function dataTable({ title, columns, rows }) {
  const head = h("tr", {}, columns.map((c) => h("th", { scope: "col", class: c.text ? "n" : null, text: c.label })));
  const cell = (column, value) =>
    h("td", { class: "n", text: Number.isFinite(value) ? column.text(value) : t("unknown") });
  const line = ({ key, cells }) => {
    const [label, ...rest] = cells;
    const pressed = key && isChosen(key);
    const inside = key ? h("button", { type: "button", class: "plain", "aria-pressed": String(pressed), data: { key } }, name(label)) : name(label);
    return h("tr", {}, h("th", { scope: "row" }, inside), rest.map((value, i) => cell(columns[i + 1], value)));
  };
  return h("table", {}, h("caption", { class: "unseen", text: title }), h("thead", {}, head), h("tbody", {}, rows.map(line)));
}

/** Whether the values of a key are filtered on. */
function isChosen(key) {
  const [kind, value] = key.split(":");
  if (kind === "region") return isWhole(Number(value), view.states);
  return Boolean(FILTER_OF[kind]) && view[FILTER_OF[kind]].includes(Number(value));
}

/** Columns of every table of sales: the metric first, then what it stands on. */
const salesColumns = (label) => {
  const shown = view.metric === "orders" ? ["orders"] : [view.metric, "orders"];
  return [{ label }, ...shown.map((metric) => ({ label: t(`metric_${metric}`), text: METRICS[metric].text, metric }))];
};
const salesCells = (columns, m) => columns.slice(1).map(({ metric }) => METRICS[metric].value(m));
/** Lines of a tooltip on sales. */
const salesTip = (title, m) => [
  title,
  ...[...new Set([view.metric, "revenue", "orders", "review"])].map((metric) => t("pair", { label: t(`metric_${metric}`), value: metricText(metric, METRICS[metric].value(m)) })),
];
