// Part of class Finalizer: the order in which values are finalized, and the results. The rules for
// one container are in finalize_containers.cpp.
#include "finalizer.hpp"

#include <unordered_set>
#include <utility>

namespace halflife::draft {

Finalizer::~Finalizer() {
  std::vector<Value> owned;
  owned.swap(owned_);
  if (steal_) {
    for (Draft* draft : scope_.drafts()) draft->result = nullptr;
  }
  for (Value value : owned) model_.release(value);
}

Value Finalizer::keep(Value owned) {
  owned_.push_back(owned);
  return owned;
}

// --- results

Finalizer::Result Finalizer::find_result(Value value, const Draft* draft) const {
  if (steal_ && draft != nullptr && draft->scope == &scope_) {
    if (draft->result != nullptr) return {true, draft->result};
    return {!in_progress_.empty() && in_progress_.contains(value), nullptr};
  }
  const auto known = results_.find(value);
  return known == results_.end() ? Result{} : Result{true, known->second};
}

void Finalizer::set_result(Value value, Value result) {
  Draft* draft = steal_ ? model_.draft_of(value) : nullptr;
  if (draft == nullptr) {
    results_[value] = result;
    return;
  }
  draft->result = result;
  if (result == nullptr) {
    in_progress_.insert(value);
  } else if (!in_progress_.empty()) {
    in_progress_.erase(value);
  }
}

void Finalizer::forget_result(Value value) {
  results_.erase(value);
  in_progress_.erase(value);
}

// --- needs: values to finalize first

Value Finalizer::result_key(Value value) {
  const Draft* draft = scope_.draft_of(value);
  return draft == nullptr ? value : draft->face;
}

// Handles values that are their own result, or whose result is known.
bool Finalizer::get_final(Value value, Value* result) {
  const Kind kind = model_.kind(value);
  if (kind == Kind::leaf) {
    *result = value;
    return true;
  }
  value = result_key(value);
  Draft* draft = model_.draft_of(value);
  if (draft != nullptr && draft->scope == &scope_ && !draft->dirty && !draft->inserted) {
    *result = draft->base;
    return true;
  }
  const Result known = find_result(value, draft);
  *result = known.value;
  return known.value != nullptr;
}

// The result of an entry of a container whose needs are all finalized. A plain container that was
// not among the needs is its own result.
Value Finalizer::final_of(Value value) {
  Value result = nullptr;
  return get_final(value, &result) ? result : value;
}

// Adds a value that the recipe assigned or inserted. A draft is finalized with everything in it.
bool Finalizer::need(Value value, std::vector<Value>& needs) {
  value = result_key(value);
  Draft* draft = model_.draft_of(value);
  if (draft != nullptr) {
    if (draft->scope != &scope_) {
      model_.raise(Fault::foreign_draft, value);
      return false;
    }
    if (scope_.recording() && !scope_.read_subtree(*draft)) return false;
  }
  Value known = nullptr;
  if (!get_final(value, &known)) needs.push_back(value);
  return true;
}

// Skips the entries for which `owner` has a draft: the draft's result replaces the entry.
bool Finalizer::needs_of_entries(Value container, Draft* owner, std::vector<Value>& needs) {
  const Kind kind = model_.kind(container);
  if (is_positional(kind)) {
    const std::size_t count = model_.size(container);
    for (std::size_t index = 0; index < count; ++index) {
      if (owner != nullptr && owner->rows != nullptr && owner->rows->contains(index)) continue;
      if (!need(model_.item(container, index), needs)) return false;
    }
    return true;
  }
  if (kind == Kind::set) return true;  // members are leaves
  std::size_t cursor = 0;
  Value key = nullptr;
  Value value = nullptr;
  while (model_.next(container, &cursor, &key, &value)) {
    Value child = nullptr;
    if (owner != nullptr && owner->children != nullptr &&
        !model_.find(owner->children, key, &child)) {
      return false;
    }
    if (child == nullptr && !need(value, needs)) return false;
  }
  return true;
}

// Is everything in the draft plain? True if the scope has no drafts but this one and its ancestors,
// and no draft was assigned anywhere.
bool Finalizer::is_alone(const Draft& draft) {
  std::size_t around = 0;
  for (const Draft* at = &draft; at != nullptr; at = at->parent) ++around;
  return !draft.inserted && scope_.drafts().size() == around && !has_inserted_drafts();
}

// Is anything that the recipe inserted a draft, or does it contain one?
bool Finalizer::has_inserted_drafts() {
  if (scope_.put_drafts()) return true;
  if (inserted_drafts_ != InsertedDrafts::unknown) return inserted_drafts_ == InsertedDrafts::yes;
  inserted_drafts_ = InsertedDrafts::yes;
  std::unordered_set<Value> met;
  std::vector<Value> left(scope_.inserted().begin(), scope_.inserted().end());
  const auto meet = [&](Value value) {
    if (model_.kind(value) == Kind::leaf) return false;
    if (model_.draft_of(value) != nullptr) return true;
    if (met.insert(value).second) left.push_back(value);
    return false;
  };
  while (!left.empty()) {
    Value container = left.back();
    left.pop_back();
    const Kind kind = model_.kind(container);
    if (kind == Kind::set) continue;  // members are leaves
    if (is_positional(kind)) {
      const std::size_t count = model_.size(container);
      for (std::size_t index = 0; index < count; ++index) {
        if (meet(model_.item(container, index))) return true;
      }
      continue;
    }
    std::size_t cursor = 0;
    Value key = nullptr;
    Value value = nullptr;
    while (model_.next(container, &cursor, &key, &value)) {
      if (meet(value)) return true;
    }
  }
  inserted_drafts_ = InsertedDrafts::no;
  return false;
}

bool Finalizer::needs_of_draft(Draft& draft, std::vector<Value>& needs) {
  if (draft.kind == Kind::set) return true;
  if (draft.rows != nullptr) {
    for (const auto& [index, child] : *draft.rows) {
      if (child->dirty || child->inserted) needs.push_back(child->face);
    }
  }
  std::size_t cursor = 0;
  Value key = nullptr;
  Value value = nullptr;
  if (draft.children != nullptr) {
    while (model_.next(draft.children, &cursor, &key, &value)) {
      const Draft* child = model_.draft_of(value);
      if (child->dirty || child->inserted) needs.push_back(value);
    }
  }
  if (draft.inserted) return needs_of_entries(draft.contents(), &draft, needs);
  if (draft.structural && is_alone(draft)) return true;
  if (draft.structural) {
    const std::size_t count = model_.size(draft.scratch);
    for (std::size_t index = 0; index < count; ++index) {
      value = model_.item(draft.scratch, index);
      if (scope_.draft_of(value) == nullptr &&
          !(scope_.has_inserted() && scope_.is_inserted(value))) {
        continue;
      }
      if (!need(value, needs)) return false;
    }
    return true;
  }
  const auto need_item = [&](std::size_t index) {
    if (draft.rows != nullptr && draft.rows->contains(index)) return true;
    return need(model_.item(draft.scratch, index), needs);
  };
  for (const std::size_t index : draft.written) {
    if (!need_item(index)) return false;
  }
  if (draft.kind == Kind::list && draft.scratch != nullptr) {
    const std::size_t count = model_.size(draft.scratch);
    for (std::size_t index = model_.size(draft.base); index < count; ++index) {
      if (!need_item(index)) return false;
    }
  }
  if (draft.assigned == nullptr || !draft.put_containers) return true;
  cursor = 0;
  while (model_.next(draft.assigned, &cursor, &key, &value)) {
    Value held = nullptr;
    if (!entry(draft, key, &held)) return false;
    if (held != nullptr && !need(held, needs)) return false;
  }
  return true;
}

bool Finalizer::needs_of(Value value, std::vector<Value>& needs) {
  Draft* draft = model_.draft_of(value);
  return draft != nullptr ? needs_of_draft(*draft, needs) : needs_of_entries(value, nullptr, needs);
}

bool Finalizer::finalize(Value value, Value* result) {
  if (get_final(value, result)) return true;
  value = result_key(value);
  if (model_.draft_of(value) != nullptr && model_.draft_of(value)->scope != &scope_) {
    model_.raise(Fault::foreign_draft, value);
    return false;
  }
  std::vector<Step> steps;
  steps.push_back({value, {}, 0});
  set_result(value, nullptr);
  const bool ok = needs_of(value, steps.back().needs) && run(steps);
  for (const Step& step : steps) forget_result(step.value);
  return ok && get_final(value, result);
}

Value Finalizer::result_of(Draft& draft) {
  Value result = nullptr;
  return get_final(draft.face, &result) ? result : nullptr;
}

bool Finalizer::run(std::vector<Step>& steps) {
  while (!steps.empty()) {
    Step& step = steps.back();
    if (step.next < step.needs.size()) {
      const Value next = step.needs[step.next++];
      Value known = nullptr;
      if (get_final(next, &known)) continue;
      if (find_result(next, model_.draft_of(next)).known) {
        model_.raise(Fault::cyclic, next);
        return false;
      }
      std::vector<Value> needs;
      if (!needs_of(next, needs)) return false;
      if (!needs.empty()) {
        set_result(next, nullptr);
        steps.push_back({next, std::move(needs), 0});
        continue;
      }
      Value result = nullptr;  // shortcut: most drafts contain no other drafts
      if (!finalize_container(next, &result)) return false;
      set_result(next, result);
      continue;
    }
    Value result = nullptr;
    if (!finalize_container(step.value, &result)) return false;
    set_result(step.value, result);
    steps.pop_back();
  }
  return true;
}

// --- entries

// The entry under the key: its draft's face if there is one, else the container's own value.
bool Finalizer::entry(Draft& draft, Value key, Value* held) {
  *held = nullptr;
  if (draft.children != nullptr) {
    if (!model_.find(draft.children, key, held)) return false;
    if (*held != nullptr) return true;
  }
  return model_.find(draft.contents(), key, held);
}

bool Finalizer::final_entry(Draft& draft, Value key, Value* result) {
  Value held = nullptr;
  if (!entry(draft, key, &held)) return false;
  *result = nullptr;
  if (held == nullptr) return true;
  if (find_result(draft.face, &draft).value != nullptr) {
    *result = final_of(held);
    return true;
  }
  std::vector<Value> needs;
  return need(held, needs) && finalize(held, result);
}

bool Finalizer::final_item(Draft& draft, std::size_t index, Value* result) {
  Value held = nullptr;
  if (draft.rows != nullptr) {
    const auto child = draft.rows->find(index);
    if (child != draft.rows->end()) held = child->second->face;
  }
  if (held == nullptr) held = model_.item(draft.contents(), index);
  if (find_result(draft.face, &draft).value != nullptr) {
    *result = final_of(held);
    return true;
  }
  std::vector<Value> needs;
  return need(held, needs) && finalize(held, result);
}

}  // namespace halflife::draft
