// The rows of edits.py and settlements.py in immer and mutative: nanoseconds per unit of each
// repeat, as JSON on one line. Usage: node drafts.mjs
//
// A failed edit is taken back in two ways: by calling all the others again in one recipe (`apart`,
// `chained`, `keyed`), which is right, and by its inverse patches (`inverse_...`), as their manuals
// show it, which can be wrong (classic_failures.mjs).

import { applyPatches, enablePatches, produce, produceWithPatches } from "immer";
import { apply, create } from "mutative";

enablePatches();

const REPEATS = 7;
const NANOSECONDS_PER_REPEAT = 40e6;
const SIZE = 10_000;
const PLACE = 5_000;
const PLACES = Array.from({ length: 1_000 }, (_, index) => (index * 7_919) % SIZE);
const PENDING = 100;
const FAILING = 49;

function state() {
  const items = Array.from({ length: SIZE }, (_, index) => ({
    id: index,
    text: `task ${index}`,
    done: false,
    tags: ["home"],
  }));
  return { user: { name: "Ada", settings: { theme: "dark" } }, todos: { title: "All", items } };
}

const keyed = () => Object.fromEntries(Array.from({ length: SIZE }, (_, index) => [`key ${index}`, { id: index, likes: 0 }]));

const editOne = (draft) => {
  draft.todos.items[PLACE].done = true;
};
const editMany = (draft) => {
  const items = draft.todos.items;
  for (const place of PLACES) items[place].done = true;
};
const apart = (number) => (draft) => {
  draft.todos.items[number * 97].done = true;
};
const chained = (number) => (draft) => {
  draft.todos.items.push({ id: `new ${number}`, text: "new", done: false, tags: [] });
};
const like = (number) => (draft) => {
  draft[`key ${number}`].likes += 1;
};

const libraries = {
  immer: {
    make: (base, recipe) => produce(base, (draft) => void recipe(draft)),
    patches: (base, recipe) => produceWithPatches(base, (draft) => void recipe(draft)),
    apply: applyPatches,
  },
  mutative: {
    make: (base, recipe) => create(base, (draft) => void recipe(draft)),
    patches: (base, recipe) => create(base, (draft) => void recipe(draft), { enablePatches: true }),
    apply,
  },
};

function replay(library, base, edits) {
  return library.make(base, (draft) => {
    for (const edit of edits) edit(draft);
  });
}

function failing(library, base, make, count, number) {
  const edits = Array.from({ length: count }, (_, index) => make(index));
  edits.splice(number, 1);
  return () => replay(library, base, edits);
}

function inverse(library, base, make) {
  let shown = base;
  let back;
  for (let number = 0; number < PENDING; number++) {
    const [next, , undo] = library.patches(shown, make(number));
    if (number === FAILING) back = undo;
    shown = next;
  }
  return () => library.apply(shown, back);
}

// Each row makes the function that is timed, and says how many units one call of it is.
const rows = {
  draft_one: (library, base) => [() => library.patches(base, editOne), 1],
  draft_one_plain: (library, base) => [() => library.make(base, editOne), 1],
  draft_many: (library, base) => [() => library.patches(base, editMany), PLACES.length],
  draft_many_plain: (library, base) => [() => library.make(base, editMany), PLACES.length],
  layers_apart: (library, base) => [failing(library, base, apart, PENDING, FAILING), 1],
  layers_chained: (library, base) => [failing(library, base, chained, PENDING, FAILING), 1],
  inverse_apart: (library, base) => [inverse(library, base, apart), 1],
  inverse_chained: (library, base) => [inverse(library, base, chained), 1],
  pending_fails: (library) => [failing(library, keyed(), like, SIZE, SIZE / 2), 1],
};

let sunk;
function timed(call, count) {
  const start = process.hrtime.bigint();
  for (let i = 0; i < count; i++) sunk = call();
  return Number(process.hrtime.bigint() - start);
}

const found = {};
for (const [key, make] of Object.entries(rows)) {
  found[key] = {};
  for (const [name, library] of Object.entries(libraries)) {
    // The base is what such a library would have made itself: immer has frozen it.
    const base = library.make(state(), () => {});
    const [call, unit] = make(library, base);
    for (let i = 0; i < 3; i++) timed(call, 5); // let the compiler see it
    const taken = timed(call, 5) / 5;
    const count = Math.ceil(Math.min(5_000, Math.max(3, NANOSECONDS_PER_REPEAT / taken)));
    found[key][name] = Array.from({ length: REPEATS }, () => timed(call, count) / count / unit);
  }
}
if (sunk === undefined) throw new Error("nothing was made");
console.log(JSON.stringify(found));
