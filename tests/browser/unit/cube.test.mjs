// Sums of the cube against sums over the rows that it was made of.
import assert from "node:assert/strict";
import { test } from "node:test";

import { add, at, cubeOf, decode, leading, MEASURES as NAMES, PAYMENT_MEASURES as PAYMENT_NAMES, sums } from "../../../reports/dashboard/js/core/cube.js";
import { emptyView } from "../../../reports/dashboard/js/core/view.js";
import { MEASURES, page, PAYMENT_MEASURES, passes, SIZES, slowly, stored, views } from "./generate.mjs";

const plain = (groups) => groups.map((group) => [...group]);
const range = (size) => Array.from({ length: size }, (_, i) => i);
const CUBES = [[1, 400], [2, 40], [3, 1]];

test("the measures stand where the page's data have them", () => {
  assert.deepEqual([...NAMES], MEASURES);
  assert.deepEqual([...PAYMENT_NAMES], PAYMENT_MEASURES);
  assert.equal(at.revenue, 2);
});

test("decoding gives back each row's parts and values", () => {
  const { rows } = page(7, 200);
  const parts = ["category", "state", "month", "methods"];
  const table = decode(stored(rows, parts, MEASURES), Object.fromEntries(parts.map((part) => [part, SIZES[part]])), MEASURES);
  const seen = new Set();
  for (let row = 0; row < table.rows; row++) {
    const key = parts.map((part) => table.columns[part][row]);
    assert(!seen.has(key.join()), "a key comes twice");
    seen.add(key.join());
    const same = (one) => parts.every((part, i) => one[part] === key[i]);
    assert.deepEqual([...table.values.subarray(row * table.width, (row + 1) * table.width)], slowly(rows, MEASURES, same));
  }
  assert.equal(seen.size, new Set(rows.map((row) => parts.map((part) => row[part]).join())).size);
});

test("sales under every kind of filter, in all, by state and by month", () => {
  for (const [seed, count] of CUBES) {
    const { rows, data } = page(seed, count);
    const cube = cubeOf(data);
    for (const view of views(seed, 60, emptyView)) {
      assert.deepEqual(plain(cube.sales(view)), [slowly(rows, MEASURES, (row) => passes(view, row))]);
      assert.deepEqual(plain(cube.sales(view, "month")), range(SIZES.month).map((month) => slowly(rows, MEASURES, (row) => row.month === month && passes(view, row))));
      const byState = range(SIZES.state).map((state) => slowly(rows, MEASURES, (row) => row.state === state && passes(view, row, ["states"])));
      assert.deepEqual(plain(cube.sales(view, "state", ["states"])), byState);
      const byCategory = range(SIZES.category).map((category) => slowly(rows, MEASURES, (row) => row.category === category && passes(view, row, ["categories"])));
      assert.deepEqual(plain(cube.salesByCategory(view)), byCategory);
    }
  }
});

test("parts of a selection add up to it", () => {
  const { data } = page(5, 300);
  const cube = cubeOf(data);
  for (const view of views(5, 40, emptyView)) {
    const [whole] = cube.sales(view);
    for (const by of ["state", "month"]) assert.deepEqual([...add(cube.sales(view, by), MEASURES.length)], [...whole]);
    assert.deepEqual([...add(cube.salesCells(view).map((cell) => cell.m), MEASURES.length)], [...add(plain(cube.salesByCategory(view)).filter((_, i) => !view.categories.length || view.categories.includes(i)), MEASURES.length)]);
  }
});

test("cities are those of one state, by any method", () => {
  const { rows, data } = page(11, 300);
  const cube = cubeOf(data);
  for (const view of views(11, 30, emptyView)) {
    for (const state of range(SIZES.state)) {
      const expected = range(SIZES.city).map((city) => slowly(rows, MEASURES, (row) => row.city === city && city >> 1 === state && passes(view, row, ["states", "methods"])));
      assert.deepEqual(plain(cube.salesByCity(view, state)), expected);
    }
  }
});

test("payments and orders by state and method follow years and categories, not states and methods", () => {
  const { rows, data } = page(13, 300);
  const cube = cubeOf(data);
  for (const view of views(13, 40, emptyView)) {
    const inState = (state) => (row) => row.state === state && passes(view, row, ["states", "methods"]);
    const orders = (test) => slowly(rows, ["orders"], test)[0];
    const expected = range(SIZES.state).map((state) => ({
      methods: range(SIZES.method).map((method) => [
        ...slowly(rows, PAYMENT_MEASURES, (row) => row.method === method && inState(state)(row)),
        orders((row) => (row.methods >> method) % 2 === 1 && inState(state)(row)),
      ]),
      orders: orders((row) => row.methods > 0 && inState(state)(row)),
    }));
    assert.deepEqual(cube.payments(view).map((state) => ({ ...state, methods: plain(state.methods) })), expected);
  }
});

test("exported cells are category × state × month, each once, in the order of the key", () => {
  const { rows, data } = page(17, 300);
  const cube = cubeOf(data);
  for (const view of views(17, 30, emptyView)) {
    const cells = cube.salesCells(view);
    const keys = cells.map((cell) => (cell.category * SIZES.state + cell.state) * SIZES.month + cell.month);
    assert.deepEqual(keys, [...new Set(keys)].sort((a, b) => a - b));
    assert.equal(keys.length, new Set(rows.filter((row) => passes(view, row)).map((row) => [row.category, row.state, row.month].join())).size);
    for (const cell of cells) {
      const same = (row) => row.category === cell.category && row.state === cell.state && row.month === cell.month && passes(view, row);
      assert.deepEqual([...cell.m], slowly(rows, MEASURES, same));
    }
  }
});

test("a cube of nothing sums to nothing", () => {
  const { data } = page(1, 0);
  const cube = cubeOf({ ...data, months: ["2020-01"], cities: { names: [], states: [] } });
  const view = emptyView();
  assert.deepEqual(plain(cube.sales(view)), [MEASURES.map(() => 0)]);
  assert.deepEqual(plain(cube.sales({ ...view, categories: [1], years: [0], methods: [2] }, "month")), [MEASURES.map(() => 0)]);
  assert.deepEqual(cube.salesByCity(view, 0), []);
  assert.deepEqual(cube.salesCells(view), []);
  assert.equal(cube.payments(view).every((state) => state.orders === 0 && state.methods.flatMap((m) => [...m]).every((value) => value === 0)), true);
  assert.deepEqual([...add([], 3)], [0, 0, 0]);
});

test("a group for each row, and a mask that lets nothing pass", () => {
  const table = { rows: 3, columns: { state: Uint16Array.of(0, 1, 1) }, values: Float64Array.of(1, 10, 2, 20, 4, 40), width: 2 };
  assert.deepEqual(plain(sums(table, {}, [1, 0, 1], 2)), [[2, 20], [5, 50]]);
  assert.deepEqual(plain(sums(table, { state: Uint8Array.of(0, 1) }, "state", 2)), [[0, 0], [6, 60]]);
  assert.deepEqual(plain(sums(table, { state: Uint8Array.of(0, 0) })), [[0, 0]]);
});

test("a view is summed once", () => {
  const cube = cubeOf(page(1, 20).data);
  const view = emptyView();
  assert.equal(cube.sales(view, "state"), cube.sales(view, "state"));
  assert.notEqual(cube.sales(view, "state"), cube.sales(view, "state", ["states"]));
  assert.notEqual(cube.sales(view, "state"), cube.sales(emptyView(), "state"));
});

test("the method that leads is the first of the greatest, none where nothing was paid", () => {
  const methods = [[3, 5], [1, 9], [3, 9]];
  assert.equal(leading(methods, 0), 0);
  assert.equal(leading(methods, 1), 1);
  assert.equal(leading([[0, 0], [0, 0]], 1), null);
  assert.equal(leading([], 0), null);
});
