#include "apply.hpp"

#include "../equality.hpp"
#include "../finalizer.hpp"

namespace halflife::draft {

namespace {

class Applying {
 public:
  // `in_place`: the draft that stays the root even if a patch replaces the root's value; or null.
  Applying(Scope& scope, Value* root, Draft* in_place, ApplyFailure* failure)
      : scope_(scope),
        model_(scope.model()),
        root_(*root),
        in_place_(in_place),
        failure_(*failure) {}
  Applying(const Applying&) = delete;
  Applying& operator=(const Applying&) = delete;
  ~Applying() {
    for (Value key : keys_) model_.release(key);
  }

  bool one(const Patch& patch) {
    by_pointer_ = patch.by_pointer;
    switch (patch.op) {
      case Op::add:
        return add(patch.path, patch.value);
      case Op::remove:
        return remove(patch.path);
      case Op::replace:
        return replace(patch);
      case Op::move:
        return move(patch);
      case Op::copy:
        return copy(patch);
      default:
        return test(patch);
    }
  }

 private:
  // The container in which the last part of a path is looked up.
  struct Target {
    Draft* draft = nullptr;
    Value part = nullptr;
    std::size_t index = 0;  // in a list; its size and kEnd are possible
  };

  bool refuse(Refusal refusal) {
    failure_.refusal = refusal;
    return false;
  }
  bool host(bool ok) { return ok || refuse(Refusal::host); }

  bool find_target(const Path& path, Target* target) {
    Value at = root_;
    for (std::size_t next = 0;; ++next) {
      target->draft = model_.draft_of(at);
      target->part = path[next];
      if (target->draft == nullptr) return refuse(Refusal::not_container);
      if (is_positional(target->draft->kind) &&
          !model_.position(path[next], by_pointer_, &target->index)) {
        return refuse(Refusal::bad_index);
      }
      if (!name_key(target)) return false;
      if (next + 1 == path.size()) return true;
      if (!get(*target, &at)) return false;
    }
  }

  // In a JSON pointer every key is a text. Digits name the number if the container has the number
  // and not the text.
  bool name_key(Target* target) {
    const Kind kind = target->draft->kind;
    std::size_t number = 0;
    if (!by_pointer_ || (kind != Kind::map && kind != Kind::set)) return true;
    if (!model_.position(target->part, true, &number) || number == kEnd) return true;
    bool found = false;
    if (!scope_.has(*target->draft, target->part, &found)) return refuse(Refusal::host);
    if (found) return true;
    const Value key = model_.make_index(number);
    if (key == nullptr) return refuse(Refusal::host);
    keys_.push_back(key);
    if (!scope_.has(*target->draft, key, &found)) return refuse(Refusal::host);
    if (found) target->part = key;
    return true;
  }

  bool has(const Target& target) {
    if (is_positional(target.draft->kind)) {
      return target.index < scope_.size(*target.draft) || refuse(Refusal::bad_index);
    }
    bool found = false;
    if (!scope_.has(*target.draft, target.part, &found)) return refuse(Refusal::host);
    return found || refuse(Refusal::missing);
  }

  bool get(const Target& target, Value* found) {
    if (!has(target)) return false;
    switch (target.draft->kind) {
      case Kind::list:
      case Kind::fixed:
        return host(scope_.get_item(*target.draft, target.index, found));
      case Kind::set:
        *found = target.part;
        return true;
      default:
        return host(scope_.get(*target.draft, target.part, found));
    }
  }

  bool get_at(const Path& path, Value* found) {
    *found = root_;
    if (path.empty()) return true;
    Target target;
    return find_target(path, &target) && get(target, found);
  }

  // The current value without drafts. Counts as a read of the whole subtree.
  bool plain(Finalizer& finalizer, Value* value) {
    Draft* draft = model_.draft_of(*value);
    return (draft == nullptr || scope_.read_subtree(*draft)) && finalizer.finalize(*value, value);
  }

  bool set_root(Value value) {
    if (in_place_ != nullptr) {
      Finalizer finalizer(scope_, false);
      return host(plain(finalizer, &value)) && become(*in_place_, value);
    }
    if (!scope_.adopt(value)) return refuse(Refusal::host);
    root_ = value;
    if (!scope_.opens(value) || scope_.draft_of(value) != nullptr) return true;
    Draft* draft = scope_.open(value);
    if (draft == nullptr) return refuse(Refusal::host);
    root_ = draft->face;
    return true;
  }

  bool add(const Path& path, Value value) {
    if (path.empty()) return set_root(value);
    Target target;
    if (!find_target(path, &target)) return false;
    Draft& draft = *target.draft;
    switch (draft.kind) {
      case Kind::list:
        return insert(draft, target.index, value);
      case Kind::set:
        return host(scope_.include(draft, value, true));
      case Kind::fixed:
        return refuse(Refusal::in_tuple);
      case Kind::record:
        if (!model_.is_optional(draft.base, target.part) && !has(target)) return false;
        [[fallthrough]];
      default:
        return host(scope_.set(draft, target.part, value));
    }
  }

  // Gives the draft the contents of `value`, which is plain.
  bool become(Draft& draft, Value value) {
    if (model_.kind(value) != draft.kind || !model_.same_type(value, draft.base)) {
      return refuse(Refusal::other_type);
    }
    if (draft.kind == Kind::list) return host(become_list(draft, value));
    if (draft.kind != Kind::record && !host(erase_others(draft, value))) return false;
    std::size_t cursor = 0;
    Value key = nullptr;
    Value held = nullptr;
    while (model_.next(value, &cursor, &key, &held)) {
      const bool ok =
          draft.kind == Kind::set ? scope_.include(draft, key, true) : scope_.set(draft, key, held);
      if (!ok) return refuse(Refusal::host);
    }
    return true;
  }

  bool become_list(Draft& draft, Value value) {
    Value scratch = scope_.edit_list(draft);
    if (scratch == nullptr) return false;
    for (std::size_t count = model_.size(scratch); count > 0; --count) {
      if (!model_.erase_item(scratch, count - 1)) return false;
    }
    for (std::size_t index = 0; index < model_.size(value); ++index) {
      Value item = model_.item(value, index);
      if (!scope_.adopt(item) || !model_.insert_item(scratch, index, item)) return false;
    }
    return true;
  }

  // Erases all keys of a map, because their order in `value` may differ; of a set only the members
  // that `value` lacks.
  bool erase_others(Draft& draft, Value value) {
    scope_.read_structure(draft);
    const std::size_t first = keys_.size();
    std::size_t cursor = 0;
    Value key = nullptr;
    Value held = nullptr;
    while (model_.next(draft.contents(), &cursor, &key, &held)) {
      keys_.push_back(key);
      model_.own(key);
    }
    for (std::size_t at = first; at < keys_.size(); ++at) {
      Value gone = keys_[at];
      Value kept = nullptr;
      if (draft.kind == Kind::map) {
        if (!scope_.erase(draft, gone)) return false;
      } else if (!model_.find(value, gone, &kept) ||
                 (kept == nullptr && !scope_.include(draft, gone, false))) {
        return false;
      }
    }
    return true;
  }

  bool insert(Draft& list, std::size_t index, Value value) {
    if (index == kEnd) return host(scope_.append(list, value));
    const std::size_t count = scope_.size(list);
    if (index > count) return refuse(Refusal::bad_index);
    if (index == count) return host(scope_.append(list, value));
    Value scratch = scope_.edit_list(list);
    return host(scratch != nullptr && scope_.adopt(value) &&
                model_.insert_item(scratch, index, value));
  }

  bool remove(const Path& path) {
    if (path.empty()) return refuse(Refusal::not_removable);
    Target target;
    return find_target(path, &target) && has(target) && take_out(target);
  }

  bool take_out(const Target& target) {
    Draft& draft = *target.draft;
    switch (draft.kind) {
      case Kind::list: {
        Value scratch = scope_.edit_list(draft);
        return host(scratch != nullptr && model_.erase_item(scratch, target.index));
      }
      case Kind::set:
        return host(scope_.include(draft, target.part, false));
      case Kind::fixed:
        return refuse(Refusal::in_tuple);
      case Kind::record:
        if (!model_.is_optional(draft.base, target.part)) return refuse(Refusal::not_removable);
        [[fallthrough]];
      default:
        return host(scope_.erase(draft, target.part));
    }
  }

  bool replace(const Patch& patch) {
    if (patch.path.empty()) return set_root(patch.value);
    Target target;
    if (!find_target(patch.path, &target) || !has(target)) return false;
    switch (target.draft->kind) {
      case Kind::list:
        return host(scope_.set_item(*target.draft, target.index, patch.value));
      case Kind::fixed:
        return refuse(Refusal::in_tuple);
      case Kind::set:
        return take_out(target) && host(scope_.include(*target.draft, patch.value, true));
      default:
        return host(scope_.set(*target.draft, target.part, patch.value));
    }
  }

  bool keeps_order(const Draft& draft) {
    return draft.kind == Kind::map && model_.keeps_order(draft.base);
  }

  // The moved value stays the same draft, with its edits. In a map whose order counts, a move to
  // the same path makes the key the last one.
  bool move(const Patch& patch) {
    bool below = false;
    bool same_path = false;
    if (!compare(patch.from, patch.path, &below, &same_path)) return refuse(Refusal::host);
    if (below) return refuse(Refusal::into_itself);
    Value value = nullptr;
    if (patch.from.empty() || patch.path.empty()) {
      return get_at(patch.from, &value) && (same_path || set_root(value));
    }
    Target target;
    if (!find_target(patch.from, &target) || !get(target, &value)) return false;
    if (same_path && !keeps_order(*target.draft)) return true;
    model_.own(value);
    const bool ok = take_out(target) && add(patch.path, value);
    model_.release(value);
    return ok;
  }

  // Is `path` below `from`, or the same?
  bool compare(const Path& from, const Path& path, bool* below, bool* same_path) {
    *below = *same_path = false;
    if (from.size() > path.size()) return true;
    for (std::size_t at = 0; at < from.size(); ++at) {
      bool same = false;
      if (!equal(model_, from[at], path[at], true, &same)) return false;
      if (!same) return true;
    }
    *same_path = from.size() == path.size();
    *below = !*same_path;
    return true;
  }

  // Later edits of the original do not change the copy, nor the other way round.
  bool copy(const Patch& patch) {
    Value value = nullptr;
    if (!get_at(patch.from, &value)) return false;
    Finalizer finalizer(scope_, false);
    if (!plain(finalizer, &value)) return refuse(Refusal::host);
    return add(patch.path, value);
  }

  bool test(const Patch& patch) {
    Value value = nullptr;
    if (!get_at(patch.path, &value)) return false;
    Finalizer finalizer(scope_, false);
    bool same = false;
    if (!plain(finalizer, &value) ||
        !equal_in_json(model_, value, patch.value, by_pointer_, &same)) {
      return refuse(Refusal::host);
    }
    return same || refuse(Refusal::different);
  }

  Scope& scope_;
  Model& model_;
  Value& root_;
  Draft* in_place_;
  ApplyFailure& failure_;
  bool by_pointer_ = false;  // of the patch that is being applied
  std::vector<Value> keys_;  // owned
};

bool apply_all(Applying& applying, const PatchList& patches, ApplyFailure* failure) {
  for (failure->patch = 0; failure->patch < patches.size(); ++failure->patch) {
    if (!applying.one(patches[failure->patch])) return false;
  }
  return true;
}

}  // namespace

bool apply(Scope& scope, Value* root, const PatchList& patches, ApplyFailure* failure) {
  Applying applying(scope, root, nullptr, failure);
  return apply_all(applying, patches, failure);
}

bool apply_in_place(Scope& scope, Draft& draft, const PatchList& patches, ApplyFailure* failure) {
  Value root = draft.face;
  Applying applying(scope, &root, &draft, failure);
  return apply_all(applying, patches, failure);
}

}  // namespace halflife::draft
