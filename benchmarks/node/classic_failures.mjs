// The cases of classic_failures.json in immer and mutative: what is shown after the optimistic edit
// was taken back by its inverse patches, or put over refetched data by its patches, as JSON on one
// line. The edits stand in the file as JavaScript, over a draft `d`. Usage: node classic_failures.mjs FILE

import { readFileSync } from "node:fs";

import { applyPatches, enablePatches, produceWithPatches } from "immer";
import { apply, create } from "mutative";

enablePatches();

const libraries = {
  immer: { patches: produceWithPatches, apply: applyPatches },
  mutative: { patches: (base, recipe) => create(base, recipe, { enablePatches: true }), apply },
};

const recipe = (text) => new Function("d", text);

function outcome({ patches, apply }, { base, mine, other, refetched }) {
  const [shown, forward, inverse] = patches(base, recipe(mine.javascript));
  if (refetched !== undefined) return apply(refetched, forward);
  const [later] = patches(shown, recipe(other.javascript));
  return apply(later, inverse);
}

const found = {};
for (const [name, library] of Object.entries(libraries)) {
  found[name] = {};
  for (const each of JSON.parse(readFileSync(process.argv[2], "utf8"))) {
    try {
      found[name][each.key] = { value: outcome(library, each) };
    } catch (error) {
      found[name][each.key] = { error: error.message.split("\n")[0] };
    }
  }
}
console.log(JSON.stringify(found));
