// Part of class LayerRun: Moves, the origins of the items of a list that the layer assigned.
#include <utility>

#include "../draft/patch/element_numbers.hpp"
#include "../draft/patch/list_match.hpp"
#include "layer_run.hpp"

namespace halflife::optimistic {

using draft::Draft;
using draft::Finalizer;
using draft::Kind;
using draft::Scope;

// The draft of a list's item whose final value is `item`, or null.
const Draft* LayerRun::origin_of(const Scope& scope, Value item, Finalizer& finalizer) {
  if (!knows_origins_) {
    knows_origins_ = true;
    for (Draft* draft : scope.drafts()) {
      if (draft->parent == nullptr || draft->parent->kind != Kind::list || draft->inserted)
        continue;
      Value result = finalizer.result_of(*draft);
      if (result != nullptr) origins_.emplace(result, draft);
    }
  }
  const auto found = origins_.find(item);
  return found != origins_.end() ? found->second : nullptr;
}

// Moves of a list whose positions have moved. Items are matched by their values, edited ones by
// their values before the edit.
Moves LayerRun::moves_of_list(const Draft& list, Value now, Finalizer& finalizer) {
  if (model_.kind(now) != Kind::list) return nullptr;
  draft::ElementNumbers numbers(model_);
  std::vector<std::size_t> before;
  std::vector<std::size_t> after;
  for (std::size_t index = 0; index < model_.size(list.base); ++index) {
    before.push_back(numbers.of(model_.item(list.base, index)));
  }
  for (std::size_t index = 0; index < model_.size(now); ++index) {
    Value item = model_.item(now, index);
    const Draft* origin = origin_of(*list.scope, item, finalizer);
    after.push_back(numbers.of(origin != nullptr && origin->parent == &list ? origin->base : item));
  }
  return std::make_shared<const std::vector<std::size_t>>(draft::match(before, after).before);
}

// Moves of a list that was assigned at a key of `parent` or, without a key, instead of `parent`.
// Items are matched by the drafts that were put into the list.
Moves LayerRun::moves_of_value(const Draft& parent, Value key, Value now, Finalizer& finalizer) {
  if (now == nullptr || model_.kind(now) != Kind::list) return nullptr;
  if (key != nullptr && !parent.scope->put_drafts() && !parent.scope->has_inserted())
    return nullptr;
  const auto is_here = [&](const Draft& list) {
    if (key == nullptr) return &list == &parent;
    return list.parent == &parent && list.key != nullptr && !list.inserted &&
           (list.key == key || model_.same(list.key, key));
  };
  std::vector<std::size_t> from(model_.size(now), draft::kNone);
  for (std::size_t index = 0; index < from.size(); ++index) {
    const Draft* origin = origin_of(*parent.scope, model_.item(now, index), finalizer);
    if (origin == nullptr || origin->parent->structural || !is_here(*origin->parent)) continue;
    from[index] = origin->index;
  }
  return std::make_shared<const std::vector<std::size_t>>(std::move(from));
}

}  // namespace halflife::optimistic
