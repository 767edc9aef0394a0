// Part of class Scope: all but the drafts of tuples, which are in tuple_drafts.cpp.
#include "scope.hpp"

#include <algorithm>
#include <utility>

#include "refresh_bases.hpp"

namespace halflife::draft {

Scope::Scope(Model& model, bool recording, BaseProvider* provider)
    : model_(model), provider_(provider), recording_(recording) {}

Draft* Scope::open(Value base, void* partial_base) {
  model_.own(base);
  return make(base, model_.kind(base), partial_base);
}

// Takes the reference to `base`.
Draft* Scope::make(Value base, Kind kind, void* partial_base) {
  Draft* draft = model_.make_draft(base, kind);
  if (draft == nullptr) {
    model_.release(base);
    return nullptr;
  }
  draft->scope = this;
  draft->base = base;
  draft->kind = kind;
  draft->partial_base = partial_base;
  drafts_.push_back(draft);
  if (kind == Kind::list && model_.is_indirect(base) && !open_scratch(*draft)) return nullptr;
  return draft;
}

bool Scope::is_assigned(const Draft& parent, Value key, std::size_t index, bool* assigned) {
  if (is_positional(parent.kind)) {
    *assigned = parent.structural || index >= model_.size(parent.base) || is_written(parent, index);
    return true;
  }
  Value known = nullptr;
  if (parent.assigned != nullptr && !model_.find(parent.assigned, key, &known)) return false;
  *assigned = known != nullptr;
  return true;
}

bool Scope::child(Draft& parent, Value key, std::size_t index, Value found, Draft** made) {
  Value base = nullptr;
  void* partial_base = nullptr;
  // An entry that the recipe wrote holds the recipe's own value. The provider makes the base of any
  // other, even if the recipe put the same object somewhere else.
  const bool known = is_inserted(found);
  bool assigned = false;
  if ((known || parent.partial_base != nullptr) && !is_assigned(parent, key, index, &assigned)) {
    return false;
  }
  if (parent.partial_base != nullptr && !assigned &&
      !provider_->nested_base(parent, key, index, found, &base, &partial_base)) {
    return false;
  }
  if (base == nullptr) {
    model_.own(found);
    base = found;
  }
  Draft* draft = make(base, model_.kind(base), partial_base);
  if (draft == nullptr) return false;
  draft->parent = &parent;
  draft->index = index;
  draft->inserted = parent.inserted || (known && assigned);
  if (key != nullptr) {
    model_.own(key);
    draft->key = key;
  }
  *made = draft;
  return true;
}

// --- records of what was read and written

bool Scope::add_to(Value* set, Value key) {
  if (*set == nullptr) *set = model_.make_set();
  return *set != nullptr && model_.put(*set, key, key);
}

bool Scope::touch(Draft& draft, Value key) {
  if (tracing_) {
    model_.own(key);
    if (last_read_.key != nullptr) model_.release(last_read_.key);
    last_read_ = {&draft, key, 0};
  }
  return !recording_ || draft.read_subtree || add_to(&draft.touched, key);
}

void Scope::touch_item(Draft& draft, std::size_t index) {
  if (tracing_) {
    if (last_read_.key != nullptr) model_.release(last_read_.key);
    last_read_ = {&draft, nullptr, index};
  }
  if (!recording_ || draft.read_subtree) return;
  std::vector<std::size_t>& touched = draft.touched_rows;
  if (!touched.empty() && touched.back() == index) return;
  touched.push_back(index);
  // A loop over the list, again and again: keep each position once.
  if (touched.size() < 64 || (touched.size() & (touched.size() - 1)) != 0) return;
  std::sort(touched.begin(), touched.end());
  touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
}

void Scope::mark(Draft& draft) {
  for (Draft* at = &draft; at != nullptr && !at->dirty; at = at->parent) at->dirty = true;
}

// --- reading

bool Scope::get(Draft& draft, Value key, Value* found) {
  if ((recording_ || tracing_) && !touch(draft, key)) return false;
  if (draft.children != nullptr) {
    if (!model_.find(draft.children, key, found)) return false;
    if (*found != nullptr) return true;
  }
  if (!model_.find(draft.contents(), key, found)) return false;
  if (*found == nullptr || !opens(*found)) return true;
  Draft* made = draft_of(*found);
  if (made != nullptr) {
    *found = made->face;
    return true;
  }
  if (!child(draft, key, 0, *found, &made)) return false;
  if (draft.children == nullptr) draft.children = model_.make_map();
  if (draft.children == nullptr) return false;
  if (!model_.put(draft.children, key, made->face)) return false;
  *found = made->face;
  return true;
}

bool Scope::get_item(Draft& draft, std::size_t index, Value* found) {
  if (draft.structural) {
    if (tracing_) touch_item(draft, index);
    return lift(draft, index, found);
  }
  if (recording_ || tracing_) touch_item(draft, index);
  if (draft.rows != nullptr) {
    const auto known = draft.rows->find(index);
    if (known != draft.rows->end()) {
      *found = known->second->face;
      return true;
    }
  }
  *found = model_.item(draft.contents(), index);
  if (!opens(*found)) return true;
  Draft* made = draft_of(*found);
  if (made != nullptr) {
    *found = made->face;
    return true;
  }
  if (!child(draft, nullptr, index, *found, &made)) return false;
  if (draft.rows == nullptr) draft.rows = std::make_unique<Rows>();
  draft.rows->emplace(index, made);
  *found = made->face;
  return true;
}

bool Scope::lift(Draft& list, std::size_t index, Value* found) {
  *found = model_.item(list.scratch, index);
  if (!opens(*found)) return true;
  Draft* made = draft_of(*found);
  if (made == nullptr && !child(list, nullptr, index, *found, &made)) return false;
  if (*found == made->face) return true;
  *found = made->face;
  return model_.put_item(list.scratch, index, made->face);
}

bool Scope::read_subtree(Draft& draft) {
  if (draft.read_subtree) return true;
  draft.read_subtree = true;
  return provider_ == nullptr || refresh_bases(model_, *provider_, draft);
}

bool Scope::refresh_base(Draft& draft) {
  return draft.read_subtree || provider_ == nullptr || refresh_bases(model_, *provider_, draft);
}

bool Scope::has(Draft& draft, Value key, bool* found) {
  if (recording_ && !touch(draft, key)) return false;
  Value value = nullptr;
  if (!model_.find(draft.contents(), key, &value)) return false;
  *found = value != nullptr;
  return true;
}

std::size_t Scope::size(Draft& draft) {
  draft.read_structure = true;
  return model_.size(draft.contents());
}

// --- editing

bool Scope::open_scratch(Draft& draft) {
  return draft.scratch != nullptr || (draft.scratch = model_.copy(draft.base)) != nullptr;
}

bool Scope::adopt(Value value) {
  const Kind kind = model_.kind(value);
  if (kind == Kind::leaf) return true;
  if (Draft* draft = draft_of(value); draft != nullptr) {
    if (draft->scope != this) {
      model_.raise(Fault::foreign_draft, value);
      return false;
    }
    put_drafts_ = true;
    return true;
  }
  if (inserted_.insert(value).second) model_.own(value);
  return true;
}

bool Scope::forget_child(Draft& draft, Value key) {
  if (draft.children == nullptr) return true;
  Value face = nullptr;
  if (!model_.find(draft.children, key, &face)) return false;
  return face == nullptr || model_.erase(draft.children, key);
}

// `assigned` keeps new keys in the order in which the scratch has them.
bool Scope::assign(Draft& draft, Value key) {
  if (draft.assigned == nullptr) {
    draft.assigned = model_.make_map();
    return draft.assigned != nullptr && model_.put(draft.assigned, key, key);
  }
  Value known = nullptr;
  Value present = nullptr;
  if (!model_.find(draft.assigned, key, &known)) return false;
  if (known != nullptr) {
    if (!model_.find(draft.scratch, key, &present)) return false;
    if (present != nullptr) return true;
    if (!model_.erase(draft.assigned, key)) return false;
  }
  return model_.put(draft.assigned, key, key);
}

bool Scope::set(Draft& draft, Value key, Value value) {
  if (recording_ && !touch(draft, key)) return false;
  if (!adopt(value)) return false;
  edited_ = true;
  if (draft.children != nullptr) {
    Value face = nullptr;
    if (!model_.find(draft.children, key, &face)) return false;
    const Draft* put = face == nullptr ? nullptr : draft_of(value);
    if (put != nullptr && put->face == face) return true;  // d["a"] += ... ends so
  }
  if (draft.scratch == nullptr) {
    Value before = nullptr;
    if (!model_.find(draft.base, key, &before)) return false;
    if (before != nullptr && model_.same(before, value) && !opens(before)) {
      return true;
    }
  }
  if (!open_scratch(draft) || !assign(draft, key) || !forget_child(draft, key)) return false;
  mark(draft);
  if (model_.kind(value) != Kind::leaf) draft.put_containers = true;
  return model_.put(draft.scratch, key, value);
}

bool Scope::erase(Draft& draft, Value key) {
  if (recording_ && !touch(draft, key)) return false;
  edited_ = true;
  if (!open_scratch(draft) || !assign(draft, key)) return false;
  Value before = nullptr;
  if (!model_.find(draft.base, key, &before)) return false;
  if (before != nullptr && !add_to(&draft.erased, key)) return false;
  if (!forget_child(draft, key)) return false;
  mark(draft);
  return model_.erase(draft.scratch, key);
}

bool Scope::set_item(Draft& draft, std::size_t index, Value value) {
  if (!adopt(value)) return false;
  edited_ = true;
  if (draft.structural) return model_.put_item(draft.scratch, index, value);
  if (recording_) touch_item(draft, index);
  if (draft.rows != nullptr) {
    const auto known = draft.rows->find(index);
    if (known != draft.rows->end()) {
      if (known->second == draft_of(value)) return true;
      draft.rows->erase(known);
    }
  }
  if (!open_scratch(draft)) return false;
  if (draft.written.empty() || draft.written.back() != index) draft.written.push_back(index);
  mark(draft);
  return model_.put_item(draft.scratch, index, value);
}

bool Scope::include(Draft& set, Value member, bool included) {
  bool present = false;
  if (!has(set, member, &present)) return false;
  edited_ = true;
  if (present == included) return true;
  if (!open_scratch(set) || !assign(set, member)) return false;
  mark(set);
  return included ? model_.put(set.scratch, member, member) : model_.erase(set.scratch, member);
}

bool Scope::append(Draft& list, Value value) {
  if (!adopt(value)) return false;
  edited_ = true;
  if (!open_scratch(list)) return false;
  mark(list);
  return model_.insert_item(list.scratch, model_.size(list.scratch), value);
}

Value Scope::edit_list(Draft& draft) {
  edited_ = true;
  if (draft.structural) return draft.scratch;
  if (recording_ && !read_subtree(draft)) return nullptr;
  if (!open_scratch(draft)) return nullptr;
  if (draft.rows != nullptr) {
    for (const auto& [index, child] : *draft.rows) {
      if (!model_.put_item(draft.scratch, index, child->face)) return nullptr;
    }
    draft.rows.reset();
  }
  draft.written.clear();
  draft.structural = true;
  mark(draft);
  return draft.scratch;
}

// --- the end

void Scope::close() {
  std::vector<Draft*> drafts;
  drafts.swap(drafts_);
  std::unordered_set<Value> inserted;
  inserted.swap(inserted_);
  std::vector<Value> dropped(inserted.begin(), inserted.end());
  dropped.reserve(dropped.size() + opening_.size() + 4 * drafts.size());
  dropped.insert(dropped.end(), opening_.begin(), opening_.end());
  opening_.clear();
  given_.clear();
  if (last_read_.key != nullptr) dropped.push_back(last_read_.key);
  last_read_ = {};
  for (Draft* draft : drafts) {
    for (Value* held : {&draft->key, &draft->base, &draft->scratch, &draft->children,
                        &draft->assigned, &draft->erased, &draft->touched, &draft->given}) {
      if (*held != nullptr) dropped.push_back(std::exchange(*held, nullptr));
    }
    draft->rows.reset();
    draft->parent = nullptr;
    draft->scope = nullptr;
    draft->partial_base = nullptr;
    dropped.push_back(draft->face);
  }
  for (Value value : dropped) model_.release(value);
}

}  // namespace halflife::draft
