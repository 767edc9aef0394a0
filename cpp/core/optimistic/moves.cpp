// Where the items of a list that a layer has edited, or put in another one's place, came from.
#include <utility>

#include "../draft/patch/element_numbers.hpp"
#include "../draft/patch/list_match.hpp"
#include "layer_run.hpp"

namespace halflife::optimistic {

using draft::Draft;
using draft::Kind;
using draft::Resolver;
using draft::Scope;

// The draft of an item of a list which the item was made of, or null.
const Draft* LayerRun::origin_of(const Scope& scope, Value item, Resolver& resolver) {
  if (!knows_origins_) {
    knows_origins_ = true;
    for (Draft* draft : scope.drafts()) {
      if (draft->parent == nullptr || draft->parent->kind != Kind::list || draft->inserted)
        continue;
      Value result = resolver.result_of(*draft);
      if (result != nullptr) origins_.emplace(result, draft);
    }
  }
  const auto found = origins_.find(item);
  return found != origins_.end() ? found->second : nullptr;
}

// A list whose positions have moved: by what its items are, or were before they were edited.
Moves LayerRun::moves_of_list(const Draft& list, Value now, Resolver& resolver) {
  if (model_.kind(now) != Kind::list) return nullptr;
  draft::ElementNumbers numbers(model_);
  std::vector<std::size_t> before;
  std::vector<std::size_t> after;
  for (std::size_t index = 0; index < model_.size(list.base); ++index) {
    before.push_back(numbers.of(model_.item(list.base, index)));
  }
  for (std::size_t index = 0; index < model_.size(now); ++index) {
    Value item = model_.item(now, index);
    const Draft* origin = origin_of(*list.scope, item, resolver);
    after.push_back(numbers.of(origin != nullptr && origin->parent == &list ? origin->base : item));
  }
  return std::make_shared<const std::vector<std::size_t>>(draft::match(before, after).before);
}

// A list that was put in the place of another one, at a key of `parent` or, without a key, for it:
// by the drafts of items that were put into it.
Moves LayerRun::moves_of_value(const Draft& parent, Value key, Value now, Resolver& resolver) {
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
    const Draft* origin = origin_of(*parent.scope, model_.item(now, index), resolver);
    if (origin == nullptr || origin->parent->structural || !is_here(*origin->parent)) continue;
    from[index] = origin->index;
  }
  return std::make_shared<const std::vector<std::size_t>>(std::move(from));
}

}  // namespace halflife::optimistic
