// The shapes of shapes.py for JavaScript libraries: nanoseconds per unit, as JSON on one line.
//
// As in Python each shape is written once, and the words in its source text (read, write, derived,
// observe, outside) are replaced by the native form of a library before it is compiled, so that no
// adapter call is timed. Usage: node graph.mjs

import { computed as alienComputed, effect as alienEffect, signal as alienSignal } from "alien-signals";
import { atom, createStore } from "jotai/vanilla";
import { computed, effect, signal } from "@preact/signals-core";
import { createMemo, createRenderEffect, createRoot, createSignal } from "solid-js/dist/solid.js";

const REPEATS = 7;
const NANOSECONDS_PER_REPEAT = 20e6;

let sunk;
const sink = (value) => {
  sunk = value;
};

// A library: values its text may name, and what each word becomes. $1 is the node, $2 the value.
const libraries = {
  jotai: () => ({
    names: { atom, store: createStore(), sink },
    source: "atom($1)",
    derived: "atom((get) =>",
    read: "get($1)",
    outside: "store.get($1)",
    write: "store.set($1, $2)",
    observe: "store.sub($1, () => sink(store.get($1)))",
  }),
  solid: () => ({
    names: {
      createMemo,
      createRenderEffect,
      sink,
      makeSignal: (value) => {
        const [read, set] = createSignal(value);
        read.set = set;
        return read;
      },
    },
    within: (build) => createRoot(build),
    source: "makeSignal($1)",
    derived: "createMemo(() =>",
    read: "$1()",
    outside: "$1()",
    write: "$1.set($2)",
    observe: "createRenderEffect(() => sink($1()))",
  }),
  preact: () => ({
    names: { signal, computed, effect, sink },
    source: "signal($1)",
    derived: "computed(() =>",
    read: "$1.value",
    outside: "$1.value",
    write: "$1.value = $2",
    observe: "effect(() => sink($1.value))",
  }),
  alien: () => ({
    names: { alienSignal, alienComputed, alienEffect, sink },
    source: "alienSignal($1)",
    derived: "alienComputed(() =>",
    read: "$1()",
    outside: "$1()",
    write: "$1($2)",
    observe: "alienEffect(() => sink($1()))",
  }),
};

// Each shape is the body of a function of `size` that returns [update, check, unit].
const shapes = {
  chain: [1000, `
    const head = source(0);
    const successor = (previous) => derived(() => read(previous) + 1);
    let last = head;
    for (let i = 0; i < size; i++) last = successor(last);
    observe(last);
    return [(value) => { write(head, value); }, () => outside(last) === size + 2, size + 1];`],
  fan_out: [1000, `
    const head = source(0);
    const successor = (previous) => derived(() => read(previous) + 1);
    const leaves = [];
    for (let i = 0; i < size; i++) leaves.push(successor(head));
    for (const leaf of leaves) { observe(leaf); }
    return [(value) => { write(head, value); }, () => leaves.every((leaf) => outside(leaf) === 3), 2 * size];`],
  diamond: [100, `
    const head = source(0);
    const successor = (previous) => derived(() => read(previous) + 1);
    const middles = [];
    for (let i = 0; i < size; i++) middles.push(successor(head));
    const total = derived(() => { let sum = 0; for (const middle of middles) sum += read(middle); return sum; });
    observe(total);
    return [(value) => { write(head, value); }, () => outside(total) === 3 * size, size + 2];`],
  dynamic: [1000, `
    const flag = source(0), left = source(10), right = source(20);
    const switching = () => derived(() => read(flag) === 1 ? read(left) : read(right));
    const nodes = [];
    for (let i = 0; i < size; i++) nodes.push(switching());
    for (const node of nodes) { observe(node); }
    return [(value) => { write(flag, value); }, () => nodes.every((node) => outside(node) === 20), 2 * size];`],
  cut_off: [1000, `
    const head = source(0);
    const successor = (previous) => derived(() => read(previous) + 1);
    const gate = derived(() => read(head) * 0);
    const leaves = [];
    for (let i = 0; i < size; i++) leaves.push(successor(gate));
    for (const leaf of leaves) { observe(leaf); }
    return [(value) => { write(head, value); }, () => leaves.every((leaf) => outside(leaf) === 1), 1];`],
  read_outside: [1, `
    const head = source(1);
    const node = derived(() => read(head) + 1);
    observe(node);
    return [(value) => { sink(outside(node)); }, () => outside(node) === 2, 1];`],
  set_unobserved: [1, `
    const head = source(0);
    return [(value) => { write(head, value); }, () => outside(head) === 2, 1];`],
};

function build(library, body, size) {
  const { names, within, ...words } = library();
  let text = body.replaceAll("derived(() =>", words.derived);
  for (const word of ["source", "read", "outside", "observe"])
    text = text.replaceAll(new RegExp(`\\b${word}\\((\\w+)\\)`, "g"), words[word]);
  text = text.replaceAll(/\bwrite\((\w+), (\w+)\)/g, words.write);
  const made = new Function(...Object.keys(names), "size", text);
  const make = () => made(...Object.values(names), size);
  return within ? within(make) : make();
}

function timed(update, values) {
  const start = process.hrtime.bigint();
  for (let i = 0; i < values; i += 2) {
    update(1);
    update(2);
  }
  return Number(process.hrtime.bigint() - start);
}

const found = {};
for (const [shape, [size, body]] of Object.entries(shapes)) {
  found[shape] = {};
  for (const [name, library] of Object.entries(libraries)) {
    const [update, check, unit] = build(library, body, size);
    for (let i = 0; i < 3; i++) timed(update, 20); // let the compiler see it
    const taken = timed(update, 20) / 20;
    const values = 2 * Math.ceil(Math.min(200_000, Math.max(2, NANOSECONDS_PER_REPEAT / taken)) / 2);
    let best = Infinity;
    for (let i = 0; i < REPEATS; i++) best = Math.min(best, timed(update, values) / values / unit);
    if (!check()) throw new Error(`${name}, ${shape}: wrong values`);
    found[shape][name] = best;
  }
}
console.log(JSON.stringify(found));
