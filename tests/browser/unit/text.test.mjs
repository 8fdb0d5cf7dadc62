// Numbers, names, CSV and addresses.
import assert from "node:assert/strict";
import { test } from "node:test";

import { csv, csvCell } from "../../../reports/dashboard/js/core/csv.js";
import { numbersIn } from "../../../reports/dashboard/js/core/numbers.js";
import { plainText, shortened, wrapped } from "../../../reports/dashboard/js/core/text.js";
import { emptyView, encode, parse, SHARES, TOPS } from "../../../reports/dashboard/js/core/view.js";
import { random, SIZES, views } from "./generate.mjs";

const [fr, en] = [numbersIn("fr"), numbersIn("en")];

test("numbers in French and in English", () => {
  assert.equal(fr.whole(15_843_553), "15\u202f843\u202f553");
  assert.equal(en.whole(15_843_553), "15,843,553");
  assert.equal(fr.decimal(4.086, 2), "4,09");
  assert.equal(en.decimal(4, 2), "4.00");
  // Which of the no-break spaces stands here depends on the version of ICU.
  assert.match(fr.percent(0.1234, 1), /^12,3[\u00a0\u202f]%$/);
  assert.equal(en.percent(0.5), "50%");
  assert.equal(fr.brl(1234.5, 2), "1\u202f234,50\u202fR$");
  assert.equal(en.brl(1234.5), "R$\u00a01,235");
  assert.equal(en.signed(-1.25, 1), "−1.3");
  assert.equal(fr.signed(0.5, 2), "+0,50");
  assert.equal(en.signed(0, 1), "0.0");
});

test("short numbers keep a decimal where two digits would say too little", () => {
  const cases = [[0, "0"], [850, "850"], [9_999, "9,999"], [10_000, "10\u202fk"], [12_340, "12.3\u202fk"], [245_400, "245\u202fk"], [1e6, "1\u202fM"], [15_843_553, "15.8\u202fM"], [-2_500_000, "-2.5\u202fM"]];
  for (const [value, text] of cases) assert.equal(en.short(value), text);
  assert.equal(fr.short(15_843_553), "15,8\u202fM");
});

test("months, lists and names", () => {
  const date = new Date("2017-11-01T00:00:00Z");
  assert.equal(fr.monthName(date), "novembre 2017");
  assert.equal(en.monthName(date), "November 2017");
  assert.equal(en.monthShort(date), "Nov");
  assert.equal(fr.list(["a", "b", "c"]), "a, b et c");
  assert.equal(fr.capital("été"), "Été");
  assert.equal(fr.capital(""), "");
  assert.equal(en.cityName("sao jose dos campos"), "Sao Jose dos Campos");
  assert.equal(en.cityName("embu-guacu d'oeste"), "Embu-Guacu D'Oeste");
});

test("texts are cut by characters, wrapped at words, searched without accents", () => {
  assert.equal(shortened("🛒🛒🛒", 3), "🛒🛒🛒");
  assert.equal(shortened("🛒🛒🛒🛒", 3), "🛒🛒…");
  assert.equal(shortened("ab cdef", 4), "ab…");
  assert.deepEqual(wrapped("one two three", 8), ["one two", "three"]);
  assert.deepEqual(wrapped("unbreakable", 4), ["unbreakable"]);
  assert.equal(plainText("São PAULO"), "sao paulo");
});

test("cells of CSV: quotes where needed, no number where there is none", () => {
  const cases = [["plain", "plain"], ["a,b", '"a,b"'], ['say "x"', '"say ""x"""'], ["two\nlines", '"two\nlines"'], ["a;b", '"a;b"'], [1.5, "1.5"], [-3, "-3"], [NaN, ""], [Infinity, ""], ["", ""], [null, "null"]];
  for (const [value, cell] of cases) assert.equal(csvCell(value), cell);
  assert.equal(csv([["a", 1], ["b,c", NaN]]), 'a,1\r\n"b,c",\r\n');
  assert.equal(csv([]), "");
});

test("what a spreadsheet would take for a formula is text", () => {
  // The same cases hold for the tables of a run: src/pipeline/export/spreadsheet.rs.
  const cases = [
    ["=1+1", "'=1+1"], ["@x", "'@x"], ["＝1", "'＝1"], ["+x", "'+x"], ["-x", "'-x"], ["'=x", "''=x"], ["'@x", "''@x"],
    ["-1.5", "-1.5"], ["+3e5", "+3e5"], ["'plain", "'plain"], ["'-1", "''-1"],
    ["a;=1+1;-2", `"a;'=1+1;-2"`], ["a\t=x", `"a\t'=x"`], ["a\n@x", `"a\n'@x"`], ["\t=x", `"'\t'=x"`], ["\rx", `"'\rx"`], ["a=b", "a=b"], ['=cmd|"/c calc"!A1', `"'=cmd|""/c calc""!A1"`],
  ];
  for (const [value, cell] of cases) assert.equal(csvCell(value), cell, JSON.stringify(value));
});

test("no cell of any text begins a formula, wherever a spreadsheet cuts it", () => {
  const next = random(31);
  const alphabet = ["=", "+", "-", "@", "＝", "'", ";", "\t", "\n", "\r", ",", '"', "a", "1", " "];
  for (let turn = 0; turn < 5000; turn++) {
    const text = Array.from({ length: 1 + Math.floor(next() * 8) }, () => alphabet[Math.floor(next() * alphabet.length)]).join("");
    const cell = csvCell(text);
    const inside = cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell;
    for (const piece of inside.split(/[;\t\n\r]/)) assert(!/^[=+\-@＝＋－＠]/.test(piece) || /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(piece), JSON.stringify([text, cell]));
    assert.equal(cell.startsWith('"'), /[",;\t\n\r]/.test(inside), "quotes where needed");
  }
});

const on = (letter, kind, size) => ({ letter, kind, keys: Array.from({ length: size }, (_, i) => `${kind}&${i}`), names: [] });
const KNOWN = {
  filters: { years: on("y", "year", SIZES.year), categories: on("c", "category", SIZES.category), states: on("s", "state", SIZES.state), methods: on("p", "method", SIZES.method) },
  metrics: ["revenue", "orders", "review"],
  indicators: { category: 3, state: 2 },
};

test("a view comes back from its address", () => {
  const next = random(37);
  const one = (values) => values[Math.floor(next() * values.length)];
  assert.equal(encode(emptyView(), KNOWN), "");
  assert.deepEqual(parse("", KNOWN), emptyView());
  for (const filters of views(37, 200, emptyView)) {
    const view = { ...filters, metric: one(KNOWN.metrics), top: one(TOPS), share: one(SHARES), weights: { category: one([null, [0, 50.5, 100]]), state: one([null, [1, 2]]) } };
    assert.deepEqual(parse(encode(view, KNOWN), KNOWN), view);
  }
});

test("what an address makes up is left out", () => {
  for (const address of ["y=1066&c=nothing&s=XX", "m=__proto__", "m=constructor", "n=7", "n=", "v=x", "wc=a_b_c", "wc=1_2", "ws=1_101", "ws=-1_2", "wc=", "%%%", "=&&&="]) assert.deepEqual(parse(address, KNOWN), emptyView(), address);
  assert.deepEqual(parse("c=category%261&c=category%260&c=category%261", KNOWN).categories, [0, 1]);
});
