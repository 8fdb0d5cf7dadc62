// Candidates, their indicators and the reader's weights → a ranking. The same sum as the report's: weight × deviation, over
// all candidates, equal scores in the order of the list. Drawn by main.js.

/** Weights of a ranking that add up to 1. */
function weightsOf(kind) {
  const raw = view.weights[kind] ?? DATA.rankings[kind].indicators.map((i) => Math.round(i.weight * 1000) / 10);
  const sum = d3.sum(raw);
  return { raw, shares: raw.map((w) => (sum > 0 ? w / sum : 0)) };
}

function rank(kind, weights) {
  const { candidates } = DATA.rankings[kind];
  const scored = candidates.map((c, i) => ({ ...c, i, score: d3.sum(c.deviations, (d, k) => weights[k] * d) }));
  return scored.sort((a, b) => b.score - a.score || a.order - b.order);
}

/** A panel with sliders and a table that follows them. `kind` is "category" or "state". */
function rankingPanel(kind) {
  const id = kind === "category" ? "products" : "targets";
  const title = h("h2", { id: `${id}-title` });
  const note = h("p", { class: "scope", text: t(`${id}_note`) });
  const body = h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": t(`panel_${id}`) });
  const self = { id, element: null, width: 0, last: null };
  const ranking = DATA.rankings[kind];
  const save = h("div", { class: "exports" }, h("button", { type: "button", text: "CSV", "aria-label": t("save_as", { kind: "CSV", id: t(`panel_${id}`) }), click: () => saveTable(self) }));
  const back = h("button", { type: "button", class: "plain", text: t("default_weights"), click: () => change((next) => (next.weights[kind] = null)) });
  const outputs = [];
  const inputs = (ranking?.indicators ?? []).map((indicator, k) => {
    const output = h("output", {});
    outputs.push(output);
    const current = () => inputs.map((input) => Number(input.value));
    const input = h("input", {
      type: "range", min: "0", max: "60", step: "0.5", "aria-label": t(`indicator_${indicator.name}`),
      // While a slider moves the table follows; the view, and what can be undone, change once it rests.
      input: () => { preview = current(); fill(); },
      change: () => { preview = null; change((next) => (next.weights[kind] = current())); },
    });
    return input;
  });
  let preview = null;
  const sliders = inputs.map((input, k) => {
    const label = t(`indicator_${ranking.indicators[k].name}`);
    return h("label", { class: "slider" }, h("span", { text: label }), input, outputs[k]);
  });
  const weightsBox = h("details", { class: "weights", open: true }, h("summary", { text: t("weights") }), h("div", { class: "sliders" }, sliders, back));
  self.element = h("section", { class: "panel full", id, "aria-labelledby": `${id}-title` }, h("div", { class: "head" }, h("div", {}, title, note), h("div", { class: "tools" }, save)), ranking && weightsBox, body);

  const fill = () => {
    if (!ranking?.candidates.length) {
      title.textContent = t(`${id}_none`);
      body.replaceChildren(h("div", { class: "nothing" }, h("p", { text: t("no_data") })));
      self.last = { title: title.textContent, columns: [], rows: [] };
      return;
    }
    const base = preview ? { raw: preview, shares: preview.map((w) => w / (d3.sum(preview) || 1)) } : weightsOf(kind);
    inputs.forEach((input, k) => {
      if (!preview) input.value = base.raw[k];
      outputs[k].textContent = percent(base.shares[k], 1);
    });
    const before = new Map(rank(kind, ranking.indicators.map((i) => i.weight)).map((c, place) => [c.i, place + 1]));
    const sorted = rank(kind, base.shares);
    const shown = sorted.slice(0, view.top);
    const label = (c) => c.label;
    title.textContent = d3.sum(base.raw) > 0 ? t(`${id}_title`, { name: shortened(label(sorted[0]), 60), n: sorted.length }) : t("no_weights");
    const columns = [
      { label: t("rank"), text: whole }, { label: t(kind) }, { label: t("score"), text: (v) => decimal(v, 2) },
      { label: t("forecast_90"), text: (v) => brl(v) }, ...(kind === "category" ? [{ label: t("interval_80"), text: String }] : []), { label: t("last_90"), text: (v) => brl(v) },
      ...ranking.indicators.map((i) => ({ label: t(`indicator_${i.name}`), text: (v) => signed(v, 2) })),
    ];
    self.last = {
      title: title.textContent, columns: [columns[1], columns[0], ...columns.slice(2)],
      rows: shown.map((c, place) => ({ cells: [label(c), place + 1, c.score, c.forecast, ...(kind === "category" ? [interval(c)] : []), c.before, ...c.deviations] })),
    };
    const span = d3.max(sorted, (c) => Math.abs(c.score)) || 1;
    const head = h("tr", {}, columns.map((c, i) => h("th", { scope: "col", class: i === 1 ? null : i > columns.length - ranking.indicators.length - 1 ? "n slim" : "n", text: c.label })));
    body.replaceChildren(h("table", { class: "ranking" }, h("caption", { class: "unseen", text: title.textContent }), h("thead", {}, head), h("tbody", {}, shown.map((c, place) => line(c, place)))));

    function line(c, place) {
      const moved = before.get(c.i) - (place + 1);
      // A category without a place of its own among the filters is named alone.
      const key = c.value === null ? null : `${kind}:${c.value}`;
      const arrow = moved ? h("small", { class: "moved", text: ` ${moved > 0 ? "▲" : "▼"}${Math.abs(moved)}`, "aria-label": t(moved > 0 ? "risen" : "fallen", { n: Math.abs(moved) }), role: "img" }) : null;
      const text = name(shortened(label(c), 60));
      const button = key ? h("button", { type: "button", class: "plain", "aria-pressed": String(isChosen(key)), data: { key } }, text) : text;
      return h("tr", { data: { row: c.key } },
        h("td", { class: "n" }, String(place + 1), arrow), h("th", { scope: "row" }, button),
        h("td", { class: "n score" }, h("span", { class: c.score < 0 ? "bar below" : "bar", style: `--part:${Math.abs(c.score) / span}` }), h("span", { text: decimal(c.score, 2) })),
        h("td", { class: "n", text: brl(c.forecast) }), kind === "category" && h("td", { class: "n soft", text: interval(c) }), h("td", { class: "n", text: brl(c.before) }),
        c.deviations.map((d, k) => h("td", { class: `n slim ${d >= 0 ? "good" : "bad"}`, style: `--part:${Math.min(Math.abs(d) / 3, 1) * (base.raw[k] > 0 ? 1 : 0)}`, text: signed(d, 1) })));
    }
  };
  // Most changes of the view leave a ranking as it is.
  let drawn = "";
  self.draw = () => {
    const now = JSON.stringify([view.weights[kind], view.top, view[FILTER_OF[kind]]]);
    if (now === drawn && !preview) return;
    drawn = now;
    preview = null;
    fill();
  };
  PANELS.push(self);
  return self;
}

const interval = (c) => `${brl(c.lo80)} – ${brl(c.hi80)}`;
