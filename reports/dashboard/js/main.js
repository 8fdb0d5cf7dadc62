// Puts the page together and draws the view. Everything else is called from here.

import { SHARES } from "./core/view.js";
import { categoriesChart, crumbs, reviewChart, territoryChart } from "./bars.js";
import { announce, chipList, choice, CONTROLS, drawControls, drawFigures, figures, pick, redoButton, resetButton, said, undoButton } from "./controls.js";
import { DATA, IN_PARTS, PAID, REGIONAL } from "./data.js";
import { byId, h, later } from "./dom.js";
import { entrants } from "./entrants.js";
import { saveFiltered } from "./export.js";
import { growthChart } from "./growth.js";
import { SHOWN, t } from "./format.js";
import { highlightAgain, listenToMarks } from "./link.js";
import { mapPanel } from "./map.js";
import { monthsChart } from "./months.js";
import { panel, PANELS } from "./panel.js";
import { paymentsChart } from "./payments.js";
import { rankingPanel } from "./ranking.js";
import { chips, drawWith, scope, view } from "./state.js";

/** @import { Panel } from "./panel.js" */

const trail = h("nav", { class: "crumbs", "aria-label": t("territory_path") });
const share = choice(t("share_of"), SHARES.map((basis) => [basis, t(`share_${basis}`)]), () => view.share, pick("share"));

/** The page in its order: what decides first, then where, when, what and how. What an export cannot answer is left out. */
const LAYOUT = [
  entrants(),
  REGIONAL && panel("map", mapPanel),
  panel("months", monthsChart),
  IN_PARTS && panel("territory", territoryChart, { tools: [trail] }),
  panel("categories", categoriesChart),
  SHOWN.includes("review") && REGIONAL && panel("reviews", reviewChart),
  PAID && panel("payments", paymentsChart, { tools: [share.element] }),
  rankingPanel("category"),
  REGIONAL && rankingPanel("state"),
  DATA.growth.length > 0 && panel("growth", growthChart),
].filter((one) => one !== false);
if (PAID) CONTROLS.push(share);

/**
 * Panels that show the view before this one: they are out of sight, and wait until what is in sight has been painted.
 * @type {Set<Panel>}
 */
const stale = new Set();
const inSight = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    const shown = PANELS.find((one) => one.element === target);
    if (shown) shown.seen = isIntersecting;
  }
});

/** Draws the view. Whoever works by keyboard keeps the focus where it was, though the element is a new one. */
function draw() {
  const focus = /** @type {HTMLElement | SVGElement | null} */ (document.activeElement);
  const key = focus?.dataset.key;
  const inside = focus?.closest("section.panel")?.id;
  drawControls();
  drawFigures();
  trail.replaceChildren(...crumbs());
  trail.hidden = !view.states.length;
  for (const one of PANELS) stale.add(one);
  drawPanels((one) => one.seen !== false || one.id === inside);
  if (key && inside && !focus.isConnected) /** @type {HTMLElement | null} */ (document.querySelector(`#${inside} button[data-key="${CSS.escape(key)}"]`))?.focus();
  document.title = `${chips().length ? `${scope()} – ` : ""}${t("title")}`;
  announce();
  document.documentElement.classList.toggle("busy", stale.size > 0);
  // Once the frame with what is in sight has been painted.
  requestAnimationFrame(() => requestAnimationFrame(settle));
}

/** @param {(panel: Panel) => boolean} wanted */
function drawPanels(wanted) {
  for (const one of [...stale].filter(wanted)) {
    one.draw();
    stale.delete(one);
  }
  highlightAgain();
}

function settle() {
  if (stale.size) drawPanels(() => true);
  document.documentElement.classList.remove("busy");
}

byId("controls").append(...CONTROLS.filter((one) => one !== share).map((c) => c.element));
byId("actions").append(
  undoButton, redoButton, resetButton,
  h("button", { type: "button", id: "csv", text: t("export_csv"), click: saveFiltered }),
  h("button", { type: "button", id: "print", text: t("print"), click: () => print() }),
);
byId("filters").append(chipList);
byId("figures").append(...figures.map((tile) => tile.button));
const board = byId("board");
board.replaceChildren(...LAYOUT.map((one) => one.element));
document.body.append(said);

/** Pixels. A panel that is narrower, as no screen makes it, is not laid out yet; its chart keeps the width that it has. */
const LEAST_WIDTH = 120;

/** Charts are as wide as their panels; all widths are read before anything is drawn. */
const measure = () => {
  const laidOut = (/** @type {number} */ width) => (width < LEAST_WIDTH ? 0 : width);
  const widths = PANELS.map((one) => laidOut(Math.floor(one.body?.clientWidth ?? 0)));
  const changed = PANELS.some((one, i) => widths[i] && one.width !== widths[i]);
  PANELS.forEach((one, i) => (one.width = widths[i] || one.width));
  return changed;
};
drawWith(draw);
measure();
draw();
for (const one of PANELS) inSight.observe(one.element);
addEventListener("beforeprint", settle);
new ResizeObserver(later(() => void (measure() && draw()), 60)).observe(board);
listenToMarks();

// On paper the charts take the width of the page and the tables stay as they were left; names of filters stand in the chips.
document.documentElement.classList.add("ready");
